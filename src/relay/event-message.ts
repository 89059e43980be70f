import { cloudEventOf, eventSubject } from '../app/cloud-events.ts'
import type { StreamMessage } from '../app/ports/event-stream.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'

/**
 * An event as it goes on the bus; null for what stays inside. One that is larger than the bus takes goes without its
 * data, so that whoever counts revisions misses none.
 */
export const eventMessage = (event: LedgerEvent, bodyBytesMax: number): StreamMessage | null => {
  const mapped = cloudEventOf(event)
  if (!mapped) return null
  const { entity, cloudEvent } = mapped
  const { data: _, ...withoutData } = cloudEvent
  const whole = JSON.stringify(cloudEvent)
  return {
    subject: eventSubject(event.metadata.tenant, entity, event.type),
    id: event.id,
    position: event.position,
    body: Buffer.byteLength(whole) <= bodyBytesMax ? whole : JSON.stringify(withoutData),
  }
}
