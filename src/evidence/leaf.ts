import type { JsonObject, JsonValue } from '../domain/json.ts'
import { entryBytesMax } from './tiles.ts'
import { type Envelope, leafBytes as envelopeJson, eventText, hashesOf } from './verifier/leaf.ts'

export type { Envelope } from './verifier/leaf.ts'

/** An event as the ledger stores it, before any upcasting. */
export interface StoredEvent {
  id: string
  stream: string
  revision: bigint
  type: string
  /** The ledger's own time: ISO 8601 in UTC with milliseconds. */
  recordedAt: string
  /** Bytes where they are not JSON. */
  data: JsonValue | Uint8Array
  /** With `salt` (32 bytes in base64) and `actor.pseudonym`. */
  metadata: JsonObject
}

export type LogName = 'commands' | 'access'

/**
 * Which log a stream's events are leaves of, by category, in version 1 of the leaf. Frozen: a change here is a new
 * version of the leaf, or trees rebuilt from the ledger would differ from their checkpoints.
 */
const logsOfVersion1: Readonly<Record<string, LogName | null>> = Object.freeze({
  access: 'access',
  checkpoint: null,
  lease: null,
  runlog: null,
})

/** A category that the list does not name is of the commands. */
const otherCategories: LogName = 'commands'

const streamPattern = /^([a-z]+)-([A-Za-z0-9_-]{1,64})\./

/** Undefined for what is a leaf of no log: system streams, what the list leaves out, and what is of no tenant. */
export const logOfStream = (stream: string): { tenant: string; log: LogName } | undefined => {
  const [, category, tenant] = streamPattern.exec(stream) ?? []
  if (category === undefined || tenant === undefined) return undefined
  const log = Object.hasOwn(logsOfVersion1, category) ? logsOfVersion1[category] : otherCategories
  return log ? { tenant, log } : undefined
}

/** The origin of a log, and the name of its key. `name`: of the ledger (LEDGER_NAME). */
export const originOf = (name: string, tenant: string, log: LogName): string =>
  log === 'access' ? `${name}/${tenant}/access` : `${name}/${tenant}`

/** Integers from 2^53 on as text, since JSON's numbers end there. */
const jsonInteger = (value: bigint): number | string =>
  value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value)

/** What makes an event provable; undefined where something else than Ledgerline wrote it. */
const sealOf = ({ metadata: { salt: encoded, actor } }: StoredEvent) => {
  const salt = typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined
  const pseudonym = typeof actor === 'object' && actor && !Array.isArray(actor) ? actor.pseudonym : undefined
  if (salt?.length !== 32 || salt.toString('base64') !== encoded) return undefined
  return typeof pseudonym === 'string' && pseudonym !== '' ? { salt, pseudonym } : undefined
}

/** Part of the frozen list: an event without a salt or without an actor is a leaf of no log. */
export const isLeaf = (event: StoredEvent): boolean =>
  logOfStream(event.stream) !== undefined && sealOf(event) !== undefined

/** What the log says of an event. Throws an Error for one that is no leaf. */
export const envelopeOf = (event: StoredEvent, index: number, text = eventText(event)): Envelope => {
  const { id, stream, revision, type, recordedAt } = event
  const seal = sealOf(event)
  if (!seal) throw new Error(`the event ${revision}@${stream} has no salt of 32 bytes or no actor`)
  const { salt, pseudonym } = seal
  return {
    v: 1,
    index,
    id,
    stream,
    revision: jsonInteger(revision),
    type,
    recordedAt,
    actor: pseudonym,
    ...hashesOf(salt, text),
  }
}

/** The leaf: the bytes that are hashed into the tree and served as the log's entry. */
export const leafBytes = (envelope: Envelope): Uint8Array => {
  const bytes = Buffer.from(envelopeJson(envelope))
  if (bytes.length > entryBytesMax) throw new RangeError(`a leaf of ${bytes.length} bytes, at most ${entryBytesMax}`)
  return bytes
}
