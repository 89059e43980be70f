import { type EventData, jsonEvent } from '@eventstore/db-client'
import type { LedgerEvent, NewEvent } from '../app/ports/ledger.ts'
import type { DomainEvent, EventType } from '../domain/events.ts'
import type { JsonObject } from '../domain/json.ts'
import { isOrigin, metadataSchema, originRefused, schemas } from './schemas/index.ts'
import { wellFormed } from './well-formed.ts'

/** What the EventStoreDB client hands out for one event, as far as it is used here. */
export interface RawEvent {
  id: string
  streamId: string
  revision: bigint
  type: string
  created: Date
  data: unknown
  metadata?: unknown
  position?: { commit: bigint }
}

/** A stored event that does not fit the schema of its type: written by something else than Ledgerline. */
export class UnreadableEvent extends Error {}

const utf8 = new TextEncoder()

/**
 * The metadata goes out as bytes: given an object, the client would take it through base64, twice and in JavaScript.
 * Of it only the origin is checked, since an address in the clear could never be erased. Throws on what does not fit.
 */
export const encode = ({ id, event, metadata }: NewEvent): EventData => {
  if (!isOrigin(metadata.origin)) throw new Error(originRefused)
  const data = wellFormed({ ...parseData(event.type, event.data) } as JsonObject)
  return jsonEvent({ id, type: event.type, data, metadata: utf8.encode(JSON.stringify(metadata)) })
}

/**
 * Parses an event. An unknown type is kept with `event: null`; throws UnreadableEvent when a known type or the
 * metadata does not fit.
 */
export const decode = (raw: RawEvent): LedgerEvent => {
  const metadata = metadataSchema.safeParse(raw.metadata)
  if (!metadata.success) throw unreadable(raw, metadata.error.message)
  return {
    id: raw.id,
    stream: raw.streamId,
    revision: raw.revision,
    position: raw.position?.commit ?? -1n,
    type: raw.type,
    event: isKnown(raw.type) ? domainEvent(raw.type, raw) : null,
    metadata: metadata.data,
    recordedAt: raw.created.toISOString(),
  }
}

const isKnown = (type: string): type is EventType => Object.hasOwn(schemas, type)

const parseData = (type: EventType, data: unknown) => schemas[type].parse(data)

const domainEvent = (type: EventType, raw: RawEvent): DomainEvent => {
  const parsed = schemas[type].safeParse(raw.data)
  if (!parsed.success) throw unreadable(raw, parsed.error.message)
  // The table of schemas pairs each type with its data; TypeScript cannot follow the pairing through the union.
  return { type, data: parsed.data } as DomainEvent
}

const unreadable = (raw: RawEvent, reason: string) =>
  new UnreadableEvent(`event ${raw.type} at ${raw.revision}@${raw.streamId} does not fit its schema: ${reason}`)
