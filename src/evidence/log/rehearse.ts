import { PeriodBundle } from '../bundle.ts'
import { type LedgerEvents, partsOfLeaves } from './ledger-events.ts'
import type { LogReader } from './reader.ts'

interface RehearsalDeps {
  reader: Pick<LogReader, 'leavesFrom'>
  events: Pick<LedgerEvents, 'from'>
}

/** So many that the code is compiled by then. */
export const rehearsalLeaves = 2_048

/** Writes the newest leaves of a log for a bundle that nobody gets. */
export const rehearse = async ({ reader, events }: RehearsalDeps, logId: number, size: number): Promise<void> => {
  const bundle = new PeriodBundle(null)
  const newest = reader.leavesFrom(logId, Math.max(0, size - rehearsalLeaves), rehearsalLeaves)
  for await (const part of partsOfLeaves(events, newest)) for (const event of part) bundle.add(event)
}
