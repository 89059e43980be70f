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
import type { Names } from './names.ts'
import { decodeRecord } from './record.ts'
import { type Connection, integer, type Statement } from './sql.ts'

const cachedStreamsHalf = 10_000

export interface Head {
  /** The number of the stream's name. */
  readonly stream: number
  /** The revision of the newest event ever written. */
  readonly last: number
}

/** The committed heads and metadata of streams: a bounded cache over the indexed tables. */
export class Streams {
  readonly #heads = new BoundedMap<string, Head>(cachedStreamsHalf)
  readonly #metadata = new BoundedMap<string, StreamMetadata>(cachedStreamsHalf)
  readonly #last: Statement
  readonly #names: Names
  readonly #events: Events

  constructor(connection: Connection, names: Names, events: Events) {
    this.#last = connection.prepare('SELECT MAX(revision) FROM events WHERE stream = ?')
    this.#names = names
    this.#events = events
  }

  /** Undefined when the stream was never written. */
  head(name: string): Head | undefined {
    const known = this.#heads.get(name)
    if (known !== undefined) return known
    const stream = this.#names.find(name)
    if (stream === undefined) return undefined
    const last = this.#last.get([stream])?.[0]
    if (last === null || last === undefined) return undefined
    const head = { stream, last: integer(last) }
    this.#heads.set(name, head)
    return head
  }

  metadata(name: string): StreamMetadata {
    if (isMetastream(name)) return metastreamMetadata
    const known = this.#metadata.get(name)
    if (known !== undefined) return known
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
}
