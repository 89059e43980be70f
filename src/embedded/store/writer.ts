import { DamagedRecord } from './events.ts'
import type { Connection, Statement } from './sql.ts'
import {
  type Append,
  type CommittedEvent,
  type Decided,
  type Parts,
  prepareStatements,
  Transaction,
} from './transaction.ts'

const appendsPerCommitMax = 512
const bytesPerCommitMax = 16 * 1024 * 1024
/** The queue has to stand still for this many turns of the event loop before it is written. */
const quietTurns = 2

export type Outcome =
  | Decided
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'closed' }

export interface QueuedAppend extends Append {
  /** Bytes of its events. */
  readonly size: number
  /** Milliseconds since the epoch. Past it the append is answered with `timeout` and not written. */
  readonly deadline: number
  readonly answer: (outcome: Outcome) => void
}

/** The one writer: collects appends, decides and writes them in one durable commit, then answers their callers. */
export class Writer {
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  readonly #onCommit: (events: readonly CommittedEvent[]) => void
  #queue: QueuedAppend[] = []
  #scheduled = false
  #closed = false
  #position: number

  constructor(connection: Connection, parts: Parts, onCommit: (events: readonly CommittedEvent[]) => void) {
    this.#parts = parts
    this.#onCommit = onCommit
    this.#statements = prepareStatements(connection)
    this.#begin = connection.prepare('BEGIN IMMEDIATE')
    this.#commit = connection.prepare('COMMIT')
    this.#rollback = connection.prepare('ROLLBACK')
    this.#position = parts.events.newestPosition()
  }

  get idle(): boolean {
    return this.#queue.length === 0
  }

  append(append: QueuedAppend): void {
    if (this.#closed) {
      append.answer({ kind: 'closed' })
      return
    }
    this.#queue.push(append)
    this.#schedule()
  }

  /** Writes what is queued and takes nothing more. */
  close(): void {
    this.#closed = true
    while (this.#queue.length > 0) this.#flush()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#watch(this.#queue.length, 0)
  }

  #watch(seen: number, quiet: number): void {
    setImmediate(() => {
      const length = this.#queue.length
      const still = length === seen ? quiet + 1 : 0
      if (still < quietTurns && length < appendsPerCommitMax) {
        this.#watch(length, still)
        return
      }
      this.#scheduled = false
      this.#flush()
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #take(): QueuedAppend[] {
    let bytes = 0
    const past = this.#queue.findIndex((append, index) => {
      bytes += append.size
      return index >= appendsPerCommitMax || (index > 0 && bytes > bytesPerCommitMax)
    })
    const taken = past === -1 ? this.#queue : this.#queue.slice(0, past)
    this.#queue = past === -1 ? [] : this.#queue.slice(past)
    return taken
  }

  #flush(): void {
    const appends = this.#take()
    if (appends.length === 0) return
    const transaction = new Transaction(this.#parts, this.#statements, this.#position, Date.now())
    const outcomes = this.#write(transaction, appends)
    for (const [index, append] of appends.entries()) append.answer(outcomes[index] ?? unknownOutcome)
    if (this.#position === transaction.position && transaction.written.length > 0) this.#onCommit(transaction.written)
  }

  /** Everything or nothing: when the transaction throws, each of its appends has failed. */
  #write(transaction: Transaction, appends: readonly QueuedAppend[]): Outcome[] {
    try {
      this.#begin.run([])
      const outcomes = appends.map((append) => decideOne(transaction, append))
      this.#commit.run([])
      this.#position = transaction.position
      this.#parts.streams.committed(transaction.heads, transaction.metadata)
      return outcomes
    } catch (error) {
      this.#parts.types.forget()
      this.#parts.streams.forget()
      this.#undo()
      const message = error instanceof Error ? error.message : String(error)
      return appends.map(() => ({ kind: 'failed', message }))
    }
  }

  #undo(): void {
    try {
      this.#rollback.run([])
    } catch {
      // SQLite has rolled back by itself, as it does after an I/O error.
    }
  }
}

const unknownOutcome: Outcome = { kind: 'failed', message: 'the append was not decided' }

const decideOne = (transaction: Transaction, append: QueuedAppend): Outcome => {
  if (append.deadline < transaction.now) return { kind: 'timeout' }
  const before = transaction.written.length
  try {
    return transaction.append(append)
  } catch (error) {
    // A damaged record of this stream is no reason to fail the appends to other streams.
    if (!(error instanceof DamagedRecord) || transaction.written.length > before) throw error
    return { kind: 'failed', message: error.message }
  }
}
