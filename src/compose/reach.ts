import { isDoneIn } from '../app/no-longer-than.ts'
import type { EventStoreLedger } from '../ledger/eventstore.ts'
import type { ComposedBus } from './bus.ts'

const timeoutMs = 1_500

export interface Reached {
  ledger: Pick<EventStoreLedger, 'head'>
  isReachable: ComposedBus['isReachable']
}

/** What a process needs, and whether it answers in time. */
export const reach = async ({ ledger, isReachable }: Reached): Promise<{ ledger: boolean; bus: boolean }> => {
  const isLedgerThere = isDoneIn(timeoutMs, ledger.head()).catch(() => false)
  const isBusThere = isReachable(timeoutMs)
  return { ledger: await isLedgerThere, bus: await isBusThere }
}
