import type { JsonObject, JsonValue } from '../domain/json.ts'
import type { RawEvent } from './codec.ts'

/** An event exactly as the ledger stores it, before any schema has seen it. Data that is not JSON stays bytes. */
export interface Stored {
  id: string
  stream: string
  revision: bigint
  type: string
  /** ISO 8601 in UTC with milliseconds. */
  recordedAt: string
  data: JsonValue | Uint8Array
  /** Empty when it is not a JSON object. */
  metadata: JsonObject
  position: bigint
}

export const storedOf = (raw: RawEvent): Stored => ({
  id: raw.id,
  stream: raw.streamId,
  revision: raw.revision,
  type: raw.type,
  recordedAt: raw.created.toISOString(),
  // The client hands out what it parsed, or the bytes.
  data: raw.data as JsonValue | Uint8Array,
  metadata: isObject(raw.metadata) ? raw.metadata : {},
  position: raw.position?.commit ?? -1n,
})

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
