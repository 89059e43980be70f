import { uuidBytes } from '../wire/uuid.ts'
import { type Decision, decide, type Expected } from './decide.ts'
import type { Events, StoredEvent } from './events.ts'
import {
  firstVisible,
  isMetastream,
  metastreamOf,
  noMetadata,
  oldestVisible,
  originalOf,
  parseMetadata,
  type StreamMetadata,
} from './metadata.ts'
import { checksum, decodeRecord, encodeRecord, type ProposedEvent } from './record.ts'
import { revive } from './revive.ts'
import type { Connection, Statement } from './sql.ts'
import type { Head, Streams } from './streams.ts'
import type { Types } from './types.ts'

export interface CommittedEvent extends StoredEvent {
  readonly streamName: string
}

export interface Append {
  readonly stream: string
  readonly expected: Expected
  readonly events: readonly ProposedEvent[]
}

/** `revision` -1: the stream does not exist. `position` is absent when the event is no longer readable, or none. */
export type Decided =
  | { readonly kind: 'done'; readonly revision: number; readonly position?: number }
  | { readonly kind: 'wrong-expected'; readonly last: number }
  | { readonly kind: 'stream-deleted' }

export interface Parts {
  readonly types: Types
  readonly events: Events
  readonly streams: Streams
}

/**
 * Decides and writes appends within one SQL transaction. What they change is kept here, apart from the committed
 * state, and taken over only after the commit.
 */
export class Transaction {
  readonly written: CommittedEvent[] = []
  readonly heads = new Map<string, Head>()
  readonly metadata = new Map<string, StreamMetadata>()
  readonly #parts: Parts
  readonly #statements: Statements
  readonly now: number
  #position: number

  constructor(parts: Parts, statements: Statements, position: number, now: number) {
    this.#parts = parts
    this.#statements = statements
    this.#position = position
    this.now = now
  }

  get position(): number {
    return this.#position
  }

  head(stream: string): Head | undefined {
    return this.heads.get(stream) ?? this.#parts.streams.head(stream)
  }

  metadataOf(stream: string): StreamMetadata {
    return this.metadata.get(stream) ?? this.#parts.streams.metadata(stream)
  }

  append(append: Append): Decided {
    if (this.#creates(append)) {
      this.#insertAll(append.stream, append.events, { stream: this.#position + 1, last: -1 })
      if (!isMetastream(append.stream)) this.metadata.set(append.stream, noMetadata)
      return { kind: 'done', revision: append.events.length - 1, position: this.#position }
    }
    const head = this.head(append.stream)
    const last = head?.last ?? -1
    const decision = this.#decide(append, head)
    if (decision.kind === 'wrong') return { kind: 'wrong-expected', last }
    if (decision.kind === 'deleted') return { kind: 'stream-deleted' }
    if (decision.kind === 'repeat') return this.#repeated(append.stream, head, decision.revision)
    if (append.events.length === 0) return { kind: 'done', revision: last }
    const revived = revive(this, append)
    this.#insertAll(append.stream, append.events, head)
    const done: Decided = { kind: 'done', revision: last + append.events.length, position: this.#position }
    if (revived !== undefined) this.#insertAll(revived.stream, [revived.event], this.head(revived.stream))
    return done
  }

  /** The data of the newest event of a stream. */
  newestData(stream: string): Uint8Array | undefined {
    const head = this.head(stream)
    const newest = head && this.#parts.events.at(head.stream, head.last)
    return newest === undefined ? undefined : decodeRecord(newest.record).data
  }

  /**
   * Tries to number the stream as a new one. For a stream without a number, and so without metadata, `any` and
   * `no_stream` need no further look: most appends that create a stream cost no query.
   */
  #creates({ stream, expected, events }: Append): boolean {
    if (events.length === 0 || (expected !== 'any' && expected !== 'no_stream')) return false
    if (this.heads.has(stream) || this.#parts.streams.isCached(stream)) return false
    return this.#number(stream, this.#position + 1)
  }

  #decide(append: Append, head: Head | undefined): Decision {
    const { events } = this.#parts
    const ids = append.events.map((event) => event.id)
    return decide(append.expected, ids, {
      last: head?.last ?? -1,
      softDeleted: this.metadataOf(append.stream).softDeleted,
      hasMetadata: () => (this.head(metastreamOf(append.stream))?.last ?? -1) >= 0,
      revisionOf: (id) => head && events.revisionOf(head.stream, uuidBytes(id)),
      idAt: (revision) => {
        const stored = head && events.at(head.stream, revision)
        return stored && decodeRecord(stored.record).id
      },
    })
  }

  #repeated(stream: string, head: Head | undefined, revision: number): Decided {
    const stored = head && this.#parts.events.at(head.stream, revision)
    const metadata = this.metadataOf(stream)
    const visible =
      stored !== undefined &&
      revision >= firstVisible(metadata, head?.last ?? -1) &&
      stored.created >= oldestVisible(metadata, this.now)
    return visible ? { kind: 'done', revision, position: stored.position } : { kind: 'done', revision }
  }

  #insertAll(streamName: string, events: readonly ProposedEvent[], head: Head | undefined): void {
    const stream = head?.stream ?? this.#position + 1
    if (head === undefined) this.#number(streamName, stream)
    let revision = head?.last ?? -1
    for (const event of events) this.#insert(streamName, event, stream, ++revision)
    this.heads.set(streamName, { stream, last: revision })
    const newest = events.at(-1)
    if (isMetastream(streamName) && newest !== undefined) this.#metadataWritten(originalOf(streamName), newest)
  }

  #insert(streamName: string, event: ProposedEvent, stream: number, revision: number): void {
    const type = this.#parts.types.intern(event.type)
    const position = this.#position + 1
    const created = this.now
    const record = encodeRecord(event, { stream: streamName, revision, position, created })
    const sum = checksum(position, stream, revision, type, created, record)
    this.#statements.insert.run([position, stream, revision, type, created, uuidBytes(event.id), sum, record])
    this.#position = position
    this.written.push({ position, stream, streamName, revision, type, created, record })
  }

  /** False when the stream has a number already. */
  #number(streamName: string, id: number): boolean {
    return this.#statements.insertStream.run([Buffer.from(streamName), id]) === 1
  }

  #metadataWritten(stream: string, event: ProposedEvent): void {
    if (isMetastream(stream)) return
    const metadata = parseMetadata(event.isJson, event.data)
    this.metadata.set(stream, metadata)
    this.#number(stream, -this.#position)
    const statement = metadata.maxAgeMs === undefined ? this.#statements.unmarkExpiring : this.#statements.markExpiring
    statement.run([this.head(stream)?.stream ?? null])
  }
}

export interface Statements {
  readonly insert: Statement
  readonly insertStream: Statement
  readonly markExpiring: Statement
  readonly unmarkExpiring: Statement
}

export const prepareStatements = (connection: Connection): Statements => ({
  insert: connection.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
  insertStream: connection.prepare('INSERT OR IGNORE INTO streams VALUES (?, ?)'),
  markExpiring: connection.prepare('INSERT OR IGNORE INTO expiring (stream) VALUES (?)'),
  unmarkExpiring: connection.prepare('DELETE FROM expiring WHERE stream = ?'),
})
