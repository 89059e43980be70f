import { BoundedMap } from './bounded-map.ts'
import type { Events } from './events.ts'
import {
  isMetastream,
  metastreamMetadata,
  metastreamOf,
  noMetadata,
  parseMetadata,
  type StreamMetadata,
} from './metadata.ts'
import { decodeRecord } from './record.ts'
import { asInteger, type Connection, integer, type Statement } from './sql.ts'

const cachedStreamsHalf = 10_000

export interface Head {
  /** The stream's number. */
  readonly stream: number
  /** The revision of the newest event ever written, -1 when only metadata was. */
  readonly last: number
}

/** The committed heads and metadata of streams: a bounded cache over the indexed tables. */
export class Streams {
  readonly #heads = new BoundedMap<string, Head>(cachedStreamsHalf)
  readonly #metadata = new BoundedMap<string, StreamMetadata>(cachedStreamsHalf)
  readonly #id: Statement
  readonly #last: Statement
  readonly #events: Events

  constructor(connection: Connection, events: Events) {
    this.#id = connection.prepare(`SELECT ${asInteger('id')} FROM streams WHERE name = ?`)
    this.#last = connection.prepare(`SELECT ${asInteger('MAX(revision)')} FROM events WHERE stream = ?`)
    this.#events = events
  }

  isCached(name: string): boolean {
    return this.#heads.get(name) !== undefined
  }

  /** Undefined when neither the stream nor its metadata was ever written. */
  head(name: string): Head | undefined {
    const known = this.#heads.get(name)
    if (known !== undefined) return known
    const id = this.#id.get([Buffer.from(name)])?.[0]
    if (id === undefined) return undefined
    const stream = integer(id)
    const head = { stream, last: Number(this.#last.get([stream])?.[0] ?? -1) }
    this.#heads.set(name, head)
    return head
  }

  metadata(name: string): StreamMetadata {
    if (isMetastream(name)) return metastreamMetadata
    const known = this.#metadata.get(name)
    if (known !== undefined) return known
    if (this.head(name) === undefined) return noMetadata
    const head = this.head(metastreamOf(name))
    const newest = head === undefined ? undefined : this.#events.at(head.stream, head.last)
    const record = newest === undefined ? undefined : decodeRecord(newest.record)
    const metadata = record === undefined ? noMetadata : parseMetadata(record.isJson, record.data)
    this.#metadata.set(name, metadata)
    return metadata
  }

  /** Takes over what a transaction wrote; only after its commit. */
  committed(heads: ReadonlyMap<string, Head>, metadata: ReadonlyMap<string, StreamMetadata>): void {
    for (const [name, head] of heads) this.#heads.set(name, head)
    for (const [name, value] of metadata) this.#metadata.set(name, value)
  }

  /** After a rollback: nothing read within the transaction may stay. */
  forget(): void {
    this.#heads.clear()
    this.#metadata.clear()
  }
}
