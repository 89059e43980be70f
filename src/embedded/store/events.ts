import { checksum } from './record.ts'
import { blob, type Connection, integer, type Row, type Statement, sqliteCode, UnreadableRow } from './sql.ts'

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

const columns = 'position, stream, revision, type, created, checksum, record'

/** Reads events in order. A record that fails its checksum is never returned: the read throws `DamagedRecord`. */
export class Events {
  readonly #forward: Statement
  readonly #backward: Statement
  readonly #streamForward: Statement
  readonly #streamBackward: Statement
  readonly #newest: Statement
  readonly #byId: Statement

  constructor(connection: Connection) {
    const select = `SELECT ${columns} FROM events`
    this.#forward = connection.prepare(`${select} WHERE position > ? ORDER BY position LIMIT ?`)
    this.#backward = connection.prepare(`${select} WHERE position < ? ORDER BY position DESC LIMIT ?`)
    this.#streamForward = connection.prepare(
      `${select} WHERE stream = ? AND revision >= ? AND revision <= ? ORDER BY revision LIMIT ?`,
    )
    this.#streamBackward = connection.prepare(
      `${select} WHERE stream = ? AND revision <= ? AND revision >= ? ORDER BY revision DESC LIMIT ?`,
    )
    this.#newest = connection.prepare('SELECT MAX(position) FROM events')
    this.#byId = connection.prepare('SELECT MAX(revision) FROM events WHERE stream = ? AND id = ?')
  }

  /** The position of the newest event, 0 when there is none. */
  newestPosition(): number {
    return Number(this.#newest.get([])?.[0] ?? 0)
  }

  after(position: number, limit: number): StoredEvent[] {
    return read(`after position ${position}`, () => this.#forward.all([position, limit]))
  }

  before(position: number, limit: number): StoredEvent[] {
    return read(`before position ${position}`, () => this.#backward.all([position, limit]))
  }

  /** Ascending, from `first` to `last`, both included. */
  ofStream(stream: number, first: number, last: number, limit: number): StoredEvent[] {
    const where = `at or after revision ${first} of a stream`
    return read(where, () => this.#streamForward.all([stream, first, last, limit]))
  }

  /** Descending, from `last` to `first`, both included. */
  ofStreamBackward(stream: number, last: number, first: number, limit: number): StoredEvent[] {
    const where = `at or before revision ${last} of a stream`
    return read(where, () => this.#streamBackward.all([stream, last, first, limit]))
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

const read = (where: string, rows: () => Row[]): StoredEvent[] => {
  try {
    return rows().map(checked)
  } catch (error) {
    if (error instanceof UnreadableRow || isCorruption(error)) throw new DamagedRecord(where)
    throw error
  }
}

export const isCorruption = (error: unknown): boolean =>
  ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ'].includes(sqliteCode(error) ?? '')

const checked = (row: Row): StoredEvent => {
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
  if (checksum(position, stream, revision, type, created, record) !== row[5]) {
    throw new DamagedRecord(`at position ${position}`)
  }
  return event
}
