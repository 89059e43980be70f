import type { PeriodAsked, SealedHead } from '../../app/ports/evidence.ts'
import type { ChainMade, ChainProgress } from '../../app/ports/evidence-jobs.ts'
import { Rejection } from '../../domain/codes.ts'
import { bundleLeavesMax } from '../bundle.ts'
import type { LogName } from '../leaf.ts'
import { type Bounds, type BundleDeps, boundsOf, bundleBetween } from './bundles.ts'
import { newestOf } from './sealed.ts'

/** Where the parts of a chain go, one after the other. */
export interface ChainOut {
  /** Leaves in a part, at most; no more than a bundle may have. */
  partLeavesMax: number
  /** A part: the bytes of a bundle, which hold no newline. */
  write(part: Uint8Array): Promise<void>
  progress(progress: ChainProgress): void
}

/**
 * A period of any length as bundles, each of which begins at the checkpoint where the one before ends; one at a time is
 * in memory. Null when the log has no checkpoint.
 */
export const chainOf = async (
  deps: BundleDeps,
  tenant: string,
  log: LogName,
  asked: PeriodAsked,
  { partLeavesMax, write, progress }: ChainOut,
): Promise<ChainMade | null> => {
  const bounds = await boundsOf(deps, tenant, log, asked)
  if (!bounds) return null
  const { logId, heads, start } = bounds
  const end = await cosigned(deps, tenant, log, bounds.end)
  const first = start?.size ?? 0
  const leavesTotal = end.size - first
  const leavesMax = Math.min(partLeavesMax, bundleLeavesMax)
  progress({ leavesDone: 0, leavesTotal, parts: 0 })
  let [at, parts]: [SealedHead | null, number] = [start, 0]
  do {
    const next = await endOfPart(heads, at?.size ?? 0, end, leavesMax)
    await write(await bundleBetween(deps, tenant, log, { logId, start: at, end: next }, asked.types))
    at = next
    parts += 1
    progress({ leavesDone: next.size - first, leavesTotal, parts })
  } while (at.size < end.size)
  return { first, size: end.size, parts, begin: start?.recordedAt ?? null, end: end.recordedAt }
}

/** The last checkpoint that a part from `first` on can reach. */
const endOfPart = async (
  heads: Bounds['heads'],
  first: number,
  end: SealedHead,
  leavesMax: number,
): Promise<SealedHead> => {
  if (end.size - first <= leavesMax) return end
  const head = await heads.upTo(first + leavesMax)
  if (head && head.size > first) return head
  const next = (await heads.covering(first + 1))?.size ?? end.size
  const message = `between the checkpoints of ${first} and ${next} leaves lie ${next - first}, and a part has ${leavesMax} at most`
  throw new Rejection('VALIDATION_FAILED', message, { field: 'from', leaves: next - first, leaves_max: leavesMax })
}

/** With what witnesses have signed of it, where it is the newest: the last checkpoint of a chain extends all others. */
const cosigned = async (deps: BundleDeps, tenant: string, log: LogName, end: SealedHead): Promise<SealedHead> => {
  const newest = await newestOf(deps, tenant, log)
  return newest?.checkpoint.size === end.size ? newest.checkpoint : end
}
