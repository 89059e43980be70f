import type { ConsistencyProof, InclusionProof } from '../../app/ports/evidence.ts'
import { Rejection } from '../../domain/codes.ts'
import { envelopeOf, type LogName, leafBytes } from '../leaf.ts'
import { consistencyProof, inclusionProof } from '../merkle.ts'
import { entryBundle, parseTilePath, tileWidth, widthOf } from '../tiles.ts'
import { hexOf } from '../verifier/hash.ts'
import { eventsOfLeaves } from './ledger-events.ts'
import { newestOf, type SealedDeps, sealedAs } from './sealed.ts'

/** A tile of the tree, or of its entries, which are made again from the ledger's events. Null where there is none. */
export const tileOf = async ({ reader, events }: SealedDeps, tenant: string, log: LogName, path: string) => {
  const tile = parseTilePath(path)
  const head = reader.head(tenant, log)
  if (!tile || !head) return null
  const { level, index, width } = tile
  if (width > widthOf(head.size, level, index)) return null
  const isFull = width === tileWidth
  if (level !== 'entries') return { bytes: reader.readTile(head.id)({ level, index, width }), isFull }
  const leaves = await eventsOfLeaves(events, reader.leavesFrom(head.id, index * tileWidth, width))
  return { bytes: entryBundle(leaves.map(({ index, event }) => leafBytes(envelopeOf(event, index)))), isFull }
}

export const inclusionOf = async (
  deps: SealedDeps,
  tenant: string,
  log: LogName,
  event: string,
  size: number | null,
): Promise<InclusionProof | null> => {
  const { reader, events } = deps
  const place = reader.leafOf(event)
  const head = reader.head(tenant, log)
  if (!place || !head || place.logId !== head.id) return null
  const [leaf] = await eventsOfLeaves(events, [place])
  if (!leaf) return null
  const asked = size === null ? null : sizeIn('size', size, place.index + 1, head.size)
  const sealed =
    asked === null
      ? await sealedAs(deps, tenant, log, ({ checkpoint }) => checkpoint.size > place.index)
      : await newestOf(deps, tenant, log)
  const treeSize = asked ?? sealed?.checkpoint.size ?? head.size
  return {
    index: place.index,
    size: treeSize,
    leaf: Buffer.from(leafBytes(envelopeOf(leaf.event, place.index))).toString(),
    proof: inclusionProof(place.index, treeSize, reader.subtrees(head.id, treeSize)).map(hexOf),
    checkpoint: sealed?.checkpoint.size === treeSize ? sealed.checkpoint.note : null,
  }
}

export const consistencyOf = async (
  deps: SealedDeps,
  tenant: string,
  log: LogName,
  from: number,
  to: number | null,
): Promise<ConsistencyProof | null> => {
  const head = deps.reader.head(tenant, log)
  if (!head) return null
  const newest = await sealedAs(deps, tenant, log, () => true)
  const end = to === null ? newest.checkpoint.size : sizeIn('to', to, 1, head.size)
  const start = sizeIn('from', from, 1, end)
  return { from: start, to: end, proof: consistencyProof(start, end, deps.reader.subtrees(head.id, end)).map(hexOf) }
}

const sizeIn = (field: string, size: number, min: number, max: number): number => {
  if (size >= min && size <= max) return size
  throw new Rejection('VALIDATION_FAILED', `${field}: must be the size of a tree from ${min} to ${max} leaves`, {
    field,
  })
}
