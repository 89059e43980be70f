import { checksum } from './record.ts'
import {
  asBlob,
  asInteger,
  blob,
  type Connection,
  integer,
  type Row,
  type Statement,
  sqliteCode,
  UnreadableRow,
} from './sql.ts'

export interface StoredEvent {
  readonly position: number
  /** The number of the stream's name. */
  readonly stream: number
  readonly revision: number
  /** The number of the event type's name. */
  readonly type: number
  /** Milliseconds since the epoch. */
  readonly created: number
  /** The `ReadResp` message that serves the event. */
  readonly record: Buffer
}

/** What was asked for is no longer what was written. */
export class DamagedRecord extends Error {
  constructor(where: string) {
    super(`The record ${where} is damaged; it is not served.`)
  }
}

/** In the order in which `parse` reads them. */
export const eventColumns = [
  ...['position', 'stream', 'revision', 'type', 'created', 'checksum'].map(asInteger),
  asBlob('record'),
].join(', ')

/**
 * Reads events in order. A record that fails its checksum is never returned: a page ends before it, and a read that
 * begins with it throws `DamagedRecord`.
 */
export class Events {
  readonly #forward: Statement
  readonly #backward: Statement
  readonly #streamForward: Statement
  readonly #streamBackward: Statement
  readonly #newest: Statement
  readonly #byId: Statement

  constructor(connection: Connection) {
    const select = `SELECT ${eventColumns} FROM events`
    this.#forward = connection.prepare(`${select} WHERE position > ? ORDER BY position LIMIT ?`)
    this.#backward = connection.prepare(`${select} WHERE position < ? ORDER BY position DESC LIMIT ?`)
    this.#streamForward = connection.prepare(
      `${select} WHERE stream = ? AND revision >= ? AND revision <= ? ORDER BY revision LIMIT ?`,
    )
    this.#streamBackward = connection.prepare(
      `${select} WHERE stream = ? AND revision <= ? AND revision >= ? ORDER BY revision DESC LIMIT ?`,
    )
    this.#newest = connection.prepare(`SELECT ${asInteger('MAX(position)')} FROM events`)
    this.#byId = connection.prepare(`SELECT ${asInteger('MAX(revision)')} FROM events WHERE stream = ? AND id = ?`)
  }

  /** The position of the newest event, 0 when there is none. */
  newestPosition(): number {
    return Number(this.#newest.get([])?.[0] ?? 0)
  }

  after(position: number, limit: number): StoredEvent[] {
    return read(`after position ${position}`, limit, (rows) => this.#forward.all([position, rows]))
  }

  before(position: number, limit: number): StoredEvent[] {
    return read(`before position ${position}`, limit, (rows) => this.#backward.all([position, rows]))
  }

  /** Ascending, from `first` to `last`, both included. */
  ofStream(stream: number, first: number, last: number, limit: number): StoredEvent[] {
    const where = `at or after revision ${first} of a stream`
    return withoutHole(read(where, limit, (rows) => this.#streamForward.all([stream, first, last, rows])))
  }

  /** Descending, from `last` to `first`, both included. */
  ofStreamBackward(stream: number, last: number, first: number, limit: number): StoredEvent[] {
    const where = `at or before revision ${last} of a stream`
    return withoutHole(read(where, limit, (rows) => this.#streamBackward.all([stream, last, first, rows])))
  }

  at(stream: number, revision: number): StoredEvent | undefined {
    return this.ofStream(stream, revision, revision, 1)[0]
  }

  /** The newest revision of a stream that carries this event id. */
  revisionOf(stream: number, id: Buffer): number | undefined {
    const revision = this.#byId.get([stream, id])?.[0]
    return typeof revision === 'number' ? revision : undefined
  }
}

/** Up to the first damaged record; when that is the very first, the read fails. */
const read = (where: string, limit: number, query: (rows: number) => Row[]): StoredEvent[] => {
  try {
    return soundPart(query(limit))
  } catch (error) {
    if (!(error instanceof UnreadableRow || isCorruption(error))) throw error
    // Some page cannot be read; what lies before it still can, row by row.
    if (limit > 1) return read(where, 1, query)
    throw new DamagedRecord(where)
  }
}

const soundPart = (rows: Row[]): StoredEvent[] => {
  const events: StoredEvent[] = []
  for (const row of rows) {
    const event = parse(row)
    if (event !== undefined) events.push(event)
    else if (events.length > 0) break
    else throw new DamagedRecord(`at position ${row[0]}`)
  }
  return events
}

/** A purge removes a stream's oldest records only: within a page, every revision follows on the one before. */
const withoutHole = (events: StoredEvent[]): StoredEvent[] => {
  for (let index = 1; index < events.length; index++) {
    const [before, event] = [events[index - 1], events[index]]
    if (before !== undefined && event !== undefined && Math.abs(event.revision - before.revision) !== 1) {
      throw new DamagedRecord(`next to position ${before.position} in its stream`)
    }
  }
  return events
}

export const isCorruption = (error: unknown): boolean =>
  ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ'].includes(sqliteCode(error) ?? '')

const parse = (row: Row): StoredEvent | undefined => {
  const position = integer(row[0])
  const event = {
    position,
    stream: integer(row[1]),
    revision: integer(row[2]),
    type: integer(row[3]),
    created: integer(row[4]),
    record: blob(row[6]),
  }
  const { stream, revision, type, created, record } = event
  return checksum(position, stream, revision, type, created, record) === row[5] ? event : undefined
}
