import { uuidBytes } from '../wire/uuid.ts'
import { type Decision, decide, type Expected } from './decide.ts'
import type { Events, StoredEvent } from './events.ts'
import {
  firstVisible,
  isMetastream,
  metastreamOf,
  oldestVisible,
  originalOf,
  parseMetadata,
  type StreamMetadata,
} from './metadata.ts'
import type { Names } from './names.ts'
import { checksum, decodeRecord, encodeRecord, type ProposedEvent } from './record.ts'
import { revive } from './revive.ts'
import type { Connection, Statement } from './sql.ts'
import type { Head, Streams } from './streams.ts'

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
  readonly names: Names
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
    const decision = this.#decide(append)
    if (decision.kind === 'wrong') return { kind: 'wrong-expected', last: this.head(append.stream)?.last ?? -1 }
    if (decision.kind === 'deleted') return { kind: 'stream-deleted' }
    if (decision.kind === 'repeat') return this.#repeated(append.stream, decision.revision)
    if (append.events.length === 0) return { kind: 'done', revision: this.head(append.stream)?.last ?? -1 }
    const revived = revive(this, append)
    for (const event of append.events) this.#insert(append.stream, event)
    const done: Decided = {
      kind: 'done',
      revision: this.head(append.stream)?.last ?? -1,
      position: this.#position,
    }
    if (revived !== undefined) this.#insert(revived.stream, revived.event)
    return done
  }

  /** The data of the newest event of a stream. */
  newestData(stream: string): Uint8Array | undefined {
    const head = this.head(stream)
    const newest = head === undefined ? undefined : this.#parts.events.at(head.stream, head.last)
    return newest === undefined ? undefined : decodeRecord(newest.record).data
  }

  #decide(append: Append): Decision {
    const { events } = this.#parts
    const head = this.head(append.stream)
    const ids = append.events.map((event) => event.id)
    return decide(append.expected, ids, {
      last: head?.last ?? -1,
      softDeleted: this.metadataOf(append.stream).softDeleted,
      hasMetadata: () => this.head(metastreamOf(append.stream)) !== undefined,
      revisionOf: (id) => (head === undefined ? undefined : events.revisionOf(head.stream, uuidBytes(id))),
      idAt: (revision) => {
        const stored = head === undefined ? undefined : events.at(head.stream, revision)
        return stored === undefined ? undefined : decodeRecord(stored.record).id
      },
    })
  }

  #repeated(stream: string, revision: number): Decided {
    const head = this.head(stream)
    const stored = head === undefined ? undefined : this.#parts.events.at(head.stream, revision)
    const metadata = this.metadataOf(stream)
    const visible =
      stored !== undefined &&
      revision >= firstVisible(metadata, head?.last ?? -1) &&
      stored.created >= oldestVisible(metadata, this.now)
    return visible ? { kind: 'done', revision, position: stored.position } : { kind: 'done', revision }
  }

  #insert(streamName: string, event: ProposedEvent): void {
    const { names } = this.#parts
    const head = this.head(streamName)
    const stream = head?.stream ?? names.intern(streamName)
    const type = names.intern(event.type)
    const revision = (head?.last ?? -1) + 1
    const position = this.#position + 1
    const created = this.now
    const record = encodeRecord(event, { stream: streamName, revision, position, created })
    const sum = checksum(position, stream, revision, type, created, record)
    this.#statements.insert.run([position, stream, revision, type, created, uuidBytes(event.id), sum, record])
    this.#position = position
    this.heads.set(streamName, { stream, last: revision })
    this.written.push({ position, stream, streamName, revision, type, created, record })
    if (isMetastream(streamName)) this.#metadataWritten(originalOf(streamName), event)
  }

  #metadataWritten(stream: string, event: ProposedEvent): void {
    if (isMetastream(stream)) return
    const metadata = parseMetadata(event.isJson, event.data)
    this.metadata.set(stream, metadata)
    const id = this.#parts.names.intern(stream)
    const statement = metadata.maxAgeMs === undefined ? this.#statements.unmarkExpiring : this.#statements.markExpiring
    statement.run([id])
  }
}

export interface Statements {
  readonly insert: Statement
  readonly markExpiring: Statement
  readonly unmarkExpiring: Statement
}

export const prepareStatements = (connection: Connection): Statements => ({
  insert: connection.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
  markExpiring: connection.prepare('INSERT OR IGNORE INTO expiring (stream) VALUES (?)'),
  unmarkExpiring: connection.prepare('DELETE FROM expiring WHERE stream = ?'),
})
