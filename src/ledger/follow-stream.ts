import { type EventStoreDBClient, START } from '@eventstore/db-client'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { decode, UnreadableEvent } from './codec.ts'
import { eventsOf } from './subscription.ts'

/** As LedgerStreams has it; what cannot be read is passed over. */
export async function* followStream(
  client: EventStoreDBClient,
  stream: string,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent> {
  if (signal.aborted) return
  const subscription = client.subscribeToStream(stream, { fromRevision: after < 0n ? START : after })
  for await (const event of eventsOf(subscription, signal)) {
    try {
      yield decode(event)
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error
    }
  }
}
