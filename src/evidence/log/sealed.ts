import type { SealedHead } from '../../app/ports/evidence.ts'
import { Rejection } from '../../domain/codes.ts'
import type { LogName } from '../leaf.ts'
import type { LedgerEvents } from './ledger-events.ts'
import type { LogHead, LogReader } from './reader.ts'
import { SealedHeads } from './sealed-heads.ts'

const lookEveryMs = 50
const waitMaxMs = 2_000

export interface SealedDeps {
  reader: LogReader
  events: LedgerEvents
  isBroken(logId: number): boolean
}

/** A checkpoint, and the tree that it is of as far as this process has grown it. */
export interface SealedLog {
  head: LogHead
  checkpoint: SealedHead
}

/** The newest checkpoint that this process' tree has reached too. */
export const newestOf = async ({ reader, events }: SealedDeps, tenant: string, log: LogName) => {
  const checkpoint = await new SealedHeads(events, tenant, log).newest()
  const head = reader.head(tenant, log)
  return checkpoint && head && head.size >= checkpoint.size ? ({ head, checkpoint } satisfies SealedLog) : null
}

/** Waits for a checkpoint as it is wanted. Throws UNAVAILABLE when none comes in time. */
export const sealedAs = async (
  deps: SealedDeps,
  tenant: string,
  log: LogName,
  isWanted: (sealed: SealedLog) => boolean,
): Promise<SealedLog> => {
  const untilMs = performance.now() + waitMaxMs
  for (;;) {
    const sealed = await newestOf(deps, tenant, log)
    if (sealed && isWanted(sealed)) return sealed
    if (sealed && deps.isBroken(sealed.head.id)) {
      throw new Rejection('UNAVAILABLE', 'this log is sealed no more: its past differs from what was sealed')
    }
    if (performance.now() >= untilMs) {
      throw new Rejection('UNAVAILABLE', 'no checkpoint covers this yet; ask again')
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
