import { canonicalJson } from '../../domain/canonical-json.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { type Hash, sha256 } from './hash.ts'

/** What a leaf of the log says of one event; the leaf is its RFC 8785 JSON. */
export interface Envelope {
  /** Version of the leaf: which fields it has, how they are hashed, and which events are leaves. */
  v: 1
  /** Of the leaf in its log. */
  index: number
  id: string
  stream: string
  /** In its stream; in text from 2^53 on. */
  revision: number | string
  type: string
  /** The ledger's own time: ISO 8601 in UTC with milliseconds. */
  recordedAt: string
  /** Pseudonym of who acted, the same as in the metadata. */
  actor: string
  /** 64 hex digits. */
  dataHash: string
  metaHash: string
}

const [dataByte, metaByte] = [Uint8Array.of(2), Uint8Array.of(3)]

/** Of the data as stored; of its bytes, where they are not JSON. `salt`: 32 bytes. */
export const dataHash = (salt: Uint8Array, data: JsonValue | Uint8Array): Hash =>
  sha256(dataByte, salt, data instanceof Uint8Array ? data : canonicalJson(data))

/** Of the metadata without its salt. */
export const metaHash = (salt: Uint8Array, { salt: _, ...metadata }: JsonObject): Hash =>
  sha256(metaByte, salt, canonicalJson(metadata))

export const leafBytes = (envelope: Envelope): string => canonicalJson({ ...envelope })
