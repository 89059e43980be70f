import { uuidBytes } from '../wire/uuid.ts'
import { eventColumns, isCorruption } from './events.ts'
import { checksum, decodeRecord } from './record.ts'
import { asBlob, asInteger, blob, type Connection, integer, type Row, type Statement, UnreadableRow } from './sql.ts'
import type { Types } from './types.ts'

const columns = `${eventColumns}, ${asBlob('id')}`

export interface VerifiedSlice {
  /** Where the next slice begins: after this position. */
  readonly cursor: number
  readonly checked: number
  readonly damaged: readonly number[]
}

/** Goes through the records in slices and finds those that are not what was written, or that an index misses. */
export class Verifier {
  readonly #slice: Statement
  readonly #one: Statement
  readonly #types: Types
  readonly #streamId: Statement
  readonly #byStream: Statement
  readonly #byId: Statement

  constructor(connection: Connection, types: Types) {
    this.#slice = connection.prepare(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`)
    this.#one = connection.prepare(`SELECT ${columns} FROM events WHERE position = ?`)
    this.#types = types
    this.#streamId = connection.prepare(`SELECT ${asInteger('id')} FROM streams WHERE name = ?`)
    const indexed = (index: string) => `SELECT ${asInteger('position')} FROM events INDEXED BY ${index}`
    this.#byStream = connection.prepare(`${indexed('events_by_stream')} WHERE stream = ? AND revision = ?`)
    this.#byId = connection.prepare(`${indexed('events_by_id')} WHERE stream = ? AND id = ? AND position = ?`)
  }

  /** `checked` is 0 when no record follows the cursor. */
  slice(cursor: number, limit: number): VerifiedSlice {
    try {
      const rows = this.#slice.all([cursor, limit])
      const damaged = rows.filter((row) => !this.#isIntact(row)).map((row) => Number(row[0]))
      return { cursor: Number(rows.at(-1)?.[0] ?? cursor), checked: rows.length, damaged }
    } catch (error) {
      if (!isCorruption(error)) throw error
      return this.#oneByOne(cursor, limit)
    }
  }

  /** A page of the file cannot be read: which of its records can? */
  #oneByOne(cursor: number, limit: number): VerifiedSlice {
    const positions = Array.from({ length: limit }, (_, index) => cursor + 1 + index)
    const damaged = positions.filter((position) => {
      try {
        const row = this.#one.get([position])
        return row !== undefined && !this.#isIntact(row)
      } catch (error) {
        if (isCorruption(error)) return true
        throw error
      }
    })
    return { cursor: cursor + limit, checked: limit, damaged }
  }

  #isIntact(row: Row): boolean {
    try {
      const [position, stream, revision, type] = [integer(row[0]), integer(row[1]), integer(row[2]), integer(row[3])]
      const record = blob(row[6])
      if (checksum(position, stream, revision, type, integer(row[4]), record) !== row[5]) return false
      const event = decodeRecord(record)
      return (
        event.position === position &&
        event.revision === revision &&
        this.#streamId.get([Buffer.from(event.stream)])?.[0] === stream &&
        event.type === this.#types.name(type) &&
        uuidBytes(event.id).equals(blob(row[7])) &&
        this.#byStream.get([stream, revision])?.[0] === position &&
        this.#byId.get([stream, blob(row[7]), position])?.[0] === position
      )
    } catch (error) {
      if (error instanceof UnreadableRow || error instanceof RangeError || isCorruption(error)) return false
      throw error
    }
  }
}
