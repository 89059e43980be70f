import type { BundleFile, PeriodAsked, SealedHead, SubjectAsked } from '../../app/ports/evidence.ts'
import { Rejection } from '../../domain/codes.ts'
import { bundleLeavesMax, type IndexedEvent, PeriodBundle, subjectBundle } from '../bundle.ts'
import { isLeaf, type LogName } from '../leaf.ts'
import { consistencyProof, inclusionProof } from '../merkle.ts'
import type { NoteSigner } from '../note.ts'
import { eventsOfLeaves, partsOfLeaves } from './ledger-events.ts'
import { newestOf, type SealedDeps, type SealedLog, sealedAs } from './sealed.ts'
import { SealedHeads } from './sealed-heads.ts'

export interface BundleDeps extends SealedDeps {
  signerOf(tenant: string, log: LogName): NoteSigner
}

/** All events of some streams, up to a checkpoint that covers what they hold now. Null when the first has none. */
export const subjectOf = async (
  deps: BundleDeps,
  tenant: string,
  { kind, id, streams }: SubjectAsked,
): Promise<BundleFile | null> => {
  const { reader, events, signerOf } = deps
  const lasts = await Promise.all(streams.map((stream) => events.last(stream)))
  if (!lasts[0]) return null
  const newest = lasts.filter((event) => event !== undefined && isLeaf(event)).map((event) => event?.id ?? '')
  const isCovered = ({ checkpoint }: SealedLog) =>
    newest.every((event) => (reader.leafOf(event)?.index ?? Infinity) < checkpoint.size)
  const { head, checkpoint } = await sealedAs(deps, tenant, 'commands', isCovered)
  const leaves: IndexedEvent[] = []
  for (const stream of streams) {
    for (const event of await events.stream(stream, bundleLeavesMax + 1)) {
      const place = reader.leafOf(event.id)
      if (place && place.index < checkpoint.size) leaves.push({ index: place.index, event })
    }
    if (leaves.length > bundleLeavesMax) throw tooMany('id', `this ${kind}`, leaves.length)
  }
  leaves.sort((a, b) => a.index - b.index)
  const read = reader.subtrees(head.id, checkpoint.size)
  const bytes = subjectBundle({
    subject: { kind, id },
    events: leaves,
    checkpoint: checkpoint.note,
    signer: signerOf(tenant, 'commands'),
    proofOf: (index) => inclusionProof(index, checkpoint.size, read),
  })
  return {
    bytes,
    first: 0,
    size: checkpoint.size,
    leaves: leaves.length,
    begin: null,
    end: checkpoint.recordedAt,
  }
}

/**
 * Every leaf between two checkpoints, so chosen that whatever was recorded in the period lies between them. The ledger's
 * clock is taken to go forwards. Null when the log has no checkpoint.
 */
export const periodOf = async (
  deps: BundleDeps,
  tenant: string,
  log: LogName,
  asked: PeriodAsked,
): Promise<BundleFile | null> => {
  const bounds = await boundsOf(deps, tenant, log, asked)
  if (!bounds) return null
  const { start, end } = bounds
  const count = end.size - (start?.size ?? 0)
  if (count > bundleLeavesMax) throw tooMany('to', 'the period', count)
  const bytes = await bundleBetween(deps, tenant, log, bounds, asked.types)
  const first = start?.size ?? 0
  return { bytes, first, size: end.size, leaves: count, begin: start?.recordedAt ?? null, end: end.recordedAt }
}

/** The checkpoints around a period, of a tree that has grown beyond them; `start` null is the beginning of the log. */
export interface Bounds {
  logId: number
  heads: SealedHeads
  start: SealedHead | null
  end: SealedHead
}

/** Null when the log has no checkpoint. */
export const boundsOf = async (
  deps: BundleDeps,
  tenant: string,
  log: LogName,
  { from, to }: PeriodAsked,
): Promise<Bounds | null> => {
  const newest = await newestOf(deps, tenant, log)
  if (!newest) return null
  const { head } = newest
  const heads = new SealedHeads(deps.events, tenant, log)
  const start = await heads.upTo(await leavesBefore(deps, head.id, head.size, from))
  const end = await endOf(deps, heads, tenant, log, await leavesBefore(deps, head.id, head.size, to))
  // Another process may have sealed more than this one has grown.
  await sealedAs(deps, tenant, log, ({ head: now }) => now.size >= end.size)
  return { logId: head.id, heads, start, end }
}

/** The bytes of the bundle of a period with these very bounds. */
export const bundleBetween = async (
  { reader, events, signerOf }: BundleDeps,
  tenant: string,
  log: LogName,
  { logId, start, end }: Omit<Bounds, 'heads'>,
  types: PeriodAsked['types'],
): Promise<Uint8Array> => {
  const first = start?.size ?? 0
  const bundle = new PeriodBundle(types)
  for await (const part of partsOfLeaves(events, reader.leavesFrom(logId, first, end.size - first))) {
    for (const event of part) bundle.add(event)
  }
  return bundle.seal({
    since: start && {
      checkpoint: start.note,
      consistency: consistencyProof(first, end.size, reader.subtrees(logId, end.size)),
    },
    checkpoint: end.note,
    signer: signerOf(tenant, log),
  })
}

/** Calls are sealed once a minute, and a log that differs no more at all: what is sealed of them is what there is. */
const endOf = async (
  deps: BundleDeps,
  heads: SealedHeads,
  tenant: string,
  log: LogName,
  size: number,
): Promise<SealedHead> => {
  const covering = await heads.covering(size)
  if (covering) return covering
  const newest = await newestOf(deps, tenant, log)
  if (newest && (log === 'access' || deps.isBroken(newest.head.id))) return newest.checkpoint
  return (await sealedAs(deps, tenant, log, ({ checkpoint }) => checkpoint.size >= size)).checkpoint
}

/** How many leaves of the tree were recorded before a time. */
const leavesBefore = async (
  { reader, events }: BundleDeps,
  logId: number,
  size: number,
  time: string,
): Promise<number> => {
  const isBefore = async (index: number): Promise<boolean> => {
    const [leaf] = await eventsOfLeaves(events, reader.leavesFrom(logId, index, 1))
    return leaf !== undefined && leaf.event.recordedAt < time
  }
  // Many periods begin before the log or end after it.
  if (size === 0 || !(await isBefore(0))) return 0
  if (await isBefore(size - 1)) return size
  let [low, high] = [1, size - 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (await isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

const tooMany = (field: string, what: string, leaves: number) =>
  new Rejection(
    'VALIDATION_FAILED',
    `${field}: ${what} has ${leaves} leaves, and one bundle at most ${bundleLeavesMax}; POST /evidence/jobs makes chains of bundles, of a period of any length`,
    { field, leaves, leaves_max: bundleLeavesMax },
  )
