import { LedgerUnavailable } from '../app/ports/ledger.ts'
import type { RawEvent } from './codec.ts'
import { translate } from './translate.ts'

type Subscription = AsyncIterable<{ event?: RawEvent }> & { unsubscribe(): Promise<void> }

/** What a subscription brings, until the signal fires. Throws when the connection is lost. */
export async function* eventsOf(subscription: Subscription, signal: AbortSignal): AsyncGenerator<RawEvent> {
  const end = () => void subscription.unsubscribe().catch(() => undefined)
  signal.addEventListener('abort', end)
  try {
    for await (const { event } of subscription) if (event) yield event
    if (!signal.aborted) throw new LedgerUnavailable('the subscription ended')
  } catch (error) {
    throw translate(error)
  } finally {
    signal.removeEventListener('abort', end)
    await subscription.unsubscribe().catch(() => undefined)
  }
}
