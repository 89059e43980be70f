import { type EventStoreDBClient, START } from '@eventstore/db-client'
import { type LedgerEvent, LedgerUnavailable } from '../app/ports/ledger.ts'
import { decode, UnreadableEvent } from './codec.ts'
import { translate } from './translate.ts'

/** As RunLogSource has it; what cannot be read is passed over. */
export async function* followStream(
  client: EventStoreDBClient,
  stream: string,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent> {
  if (signal.aborted) return
  const subscription = client.subscribeToStream(stream, { fromRevision: after < 0n ? START : after })
  const end = () => void subscription.unsubscribe().catch(() => undefined)
  signal.addEventListener('abort', end)
  try {
    for await (const { event } of subscription) {
      try {
        if (event) yield decode(event)
      } catch (error) {
        if (!(error instanceof UnreadableEvent)) throw error
      }
    }
    if (!signal.aborted) throw new LedgerUnavailable('the subscription ended')
  } catch (error) {
    throw translate(error)
  } finally {
    signal.removeEventListener('abort', end)
    await subscription.unsubscribe().catch(() => undefined)
  }
}
