import { type CanonicalMembers, canonicalJson, canonicalMembers, canonicalObject } from '../../domain/canonical-json.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { hexOf, sha256 } from './hash.ts'

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

/** What is hashed of an event, and carried by bundles. */
export interface EventText {
  /** RFC 8785 JSON; bytes, where the data is not JSON. */
  data: string | Uint8Array
  /** Of RFC 8785 JSON. */
  metadata: CanonicalMembers
}

export const eventText = (event: { data: JsonValue | Uint8Array; metadata: JsonObject }): EventText => ({
  data: event.data instanceof Uint8Array ? event.data : canonicalJson(event.data),
  metadata: canonicalMembers(event.metadata),
})

const [dataByte, metaByte] = [Uint8Array.of(2), Uint8Array.of(3)]

/** Of the data as stored, and of the metadata without its salt. `salt`: 32 bytes. */
export const hashesOf = (salt: Uint8Array, { data, metadata }: EventText): Pick<Envelope, 'dataHash' | 'metaHash'> => ({
  dataHash: hexOf(sha256(dataByte, salt, data)),
  metaHash: hexOf(sha256(metaByte, salt, canonicalObject(metadata.filter(([key]) => key !== 'salt')))),
})

export const leafBytes = (envelope: Envelope): string => canonicalJson({ ...envelope })
