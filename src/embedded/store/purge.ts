import type { Events } from './events.ts'
import { oldestVisible } from './metadata.ts'
import { streamOf } from './record.ts'
import { asInteger, type Connection, integer, type Statement } from './sql.ts'
import type { Streams } from './streams.ts'

const pauseMs = 1000
/** An expired record stays this long: an append that is sent again may still be recognised by it. */
const graceMs = 10 * 60_000
const streamsPerSlice = 32
const recordsPerSlice = 256

/**
 * Removes the expired records of streams with `$maxAge`, a few at a time. The newest record of a stream always stays:
 * it is what the stream's last revision is read from.
 */
export class Purge {
  readonly #connection: Connection
  readonly #events: Events
  readonly #streams: Streams
  readonly #expiring: Statement
  readonly #oldest: Statement
  readonly #remove: Statement
  #cursor = 0

  constructor(connection: Connection, events: Events, streams: Streams) {
    this.#connection = connection
    this.#events = events
    this.#streams = streams
    this.#expiring = connection.prepare(
      `SELECT ${asInteger('stream')} FROM expiring WHERE stream > ? ORDER BY stream LIMIT ?`,
    )
    this.#oldest = connection.prepare(
      `SELECT ${asInteger('revision')}, ${asInteger('created')} FROM events WHERE stream = ? AND revision < ? ORDER BY revision LIMIT ?`,
    )
    this.#remove = connection.prepare('DELETE FROM events WHERE stream = ? AND revision <= ?')
  }

  start(isIdle: () => boolean): () => void {
    const timer = setInterval(() => {
      if (isIdle()) this.slice(Date.now())
    }, pauseMs).unref()
    return () => clearInterval(timer)
  }

  /** Looks at some of the streams, going round. */
  slice(now: number): void {
    const streams = this.#expiring.all([this.#cursor, streamsPerSlice]).map((row) => integer(row[0]))
    this.#cursor = streams.length < streamsPerSlice ? 0 : (streams.at(-1) ?? 0)
    const expired = streams.flatMap((stream) => this.#expired(stream, now))
    if (expired.length === 0) return
    this.#connection.exec('BEGIN IMMEDIATE')
    for (const { stream, revision } of expired) this.#remove.run([stream, revision])
    this.#connection.exec('COMMIT')
  }

  /** The newest of a stream's leading expired records. */
  #expired(stream: number, now: number): { stream: number; revision: number }[] {
    const first = this.#events.ofStream(stream, 0, Number.MAX_SAFE_INTEGER, 1)[0]
    if (first === undefined) return []
    const name = streamOf(first.record)
    const last = this.#streams.head(name)?.last ?? -1
    const oldest = oldestVisible(this.#streams.metadata(name), now - graceMs)
    const rows = this.#oldest.all([stream, last, recordsPerSlice])
    const kept = rows.findIndex((row) => integer(row[1]) >= oldest)
    const expired = kept === -1 ? rows.at(-1) : rows[kept - 1]
    return expired === undefined ? [] : [{ stream, revision: integer(expired[0]) }]
  }
}
