import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import { writeTimeoutMs } from './append.ts'
import { type BatchAppendKey, type BatchRefusal, batchRefusal, batchSuccess } from './append-answers.ts'
import { type AppendOptions, type BatchFragment, type Proposed, sizeOf } from './append-request.ts'
import { shuttingDown } from './errors.ts'
import type { ProposedEvent } from './store/record.ts'
import type { Outcome, Writer } from './store/writer.ts'

/** How often appends that never became final are looked at. */
const sweepMs = 100
/** A call with more than this in flight is not read from until answers have gone out. */
const inFlightMax = 2048
const inFlightBytesMax = 32 * 1024 * 1024

/** Who decides and writes. */
export type Appender = Pick<Writer, 'append'>

export type BatchAppendCall = ServerDuplexStream<BatchFragment, Buffer[]>

interface Pending {
  readonly key: BatchAppendKey
  readonly deadline: number
  readonly events: ProposedEvent[]
  size: number
}

/** One `Streams.BatchAppend` call: many appends, interleaved; exactly one answer for each correlation id. */
export class BatchAppend {
  readonly #call: BatchAppendCall
  readonly #writer: Appender
  readonly #maxAppendSize: number
  /** Appends whose final message has not come. */
  readonly #open = new Map<string, Pending>()
  #answers: Buffer[] = []
  #inFlight = 0
  #inFlightBytes = 0
  #ended = false
  #sweep: NodeJS.Timeout | undefined

  constructor(call: BatchAppendCall, writer: Appender, maxAppendSize: number) {
    this.#call = call
    this.#writer = writer
    this.#maxAppendSize = maxAppendSize
    call.on('data', (fragment: BatchFragment) => this.#take(fragment))
    call.on('end', () => {
      this.#ended = true
      this.#open.clear()
      this.#endWhenAnswered()
    })
    call.on('drain', () => this.#throttle())
    call.on('close', () => clearInterval(this.#sweep))
    call.on('cancelled', () => clearInterval(this.#sweep))
  }

  /** Sends what is answered, then ends the call as the node goes away. */
  shutDown(): void {
    this.#flush()
    this.#call.emit('error', shuttingDown(status.CANCELLED))
  }

  #take(fragment: BatchFragment): void {
    const { correlationId } = fragment
    if (correlationId === undefined) return
    const pending = this.#open.get(correlationId) ?? this.#begin(correlationId, fragment)
    if (pending === undefined) return
    const refusal = this.#collect(pending, fragment.proposed)
    if (refusal !== undefined) this.#refuse(correlationId, pending, refusal)
    else if (fragment.isFinal) this.#submit(correlationId, pending)
  }

  /** Fragments of an unknown append have no options: they are ignored. */
  #begin(correlationId: string, { correlation, options }: BatchFragment): Pending | undefined {
    if (options === undefined) return undefined
    const now = Date.now()
    const pending = {
      key: { correlation, stream: options.stream, expected: options.expected },
      deadline: Math.min(options.deadline ?? Infinity, now + writeTimeoutMs),
      events: [],
      size: 0,
    }
    const refusal = refuseOptions(options, pending.deadline, now)
    if (refusal !== undefined) {
      this.#answer(batchRefusal(pending.key, refusal))
      return undefined
    }
    this.#open.set(correlationId, pending)
    this.#sweep ??= setInterval(() => this.#refuseLate(), sweepMs).unref()
    return pending
  }

  #collect(pending: Pending, proposed: readonly Proposed[]): BatchRefusal | undefined {
    for (const event of proposed) {
      if (event === 'missing-metadata') return badRequest('An event needs a type and a content type.')
      if (event === 'invalid') return badRequest('An event needs an id and a type.')
      pending.size += sizeOf(event)
      if (pending.size > this.#maxAppendSize) return { kind: 'too-large', maxAppendSize: this.#maxAppendSize }
      pending.events.push(event)
    }
    return undefined
  }

  #submit(correlationId: string, { key, deadline, events, size }: Pending): void {
    this.#open.delete(correlationId)
    this.#inFlight++
    this.#inFlightBytes += size
    this.#throttle()
    const answer = (outcome: Outcome) => {
      this.#inFlight--
      this.#inFlightBytes -= size
      this.#throttle()
      // A closed writer means that the call is about to be ended.
      if (outcome.kind === 'closed') return
      if (outcome.kind === 'done') this.#answer(batchSuccess(key, outcome.revision, outcome.position))
      else this.#answer(batchRefusal(key, outcome))
    }
    this.#writer.append({ stream: key.stream, expected: key.expected ?? 'any', events, size, deadline, answer })
  }

  /** Reads on only while there is room for more appends and the client takes its answers. */
  #throttle(): void {
    const full = this.#inFlight > inFlightMax || this.#inFlightBytes > inFlightBytesMax
    if (full || this.#call.writableNeedDrain) this.#call.pause()
    else if (this.#call.isPaused()) this.#call.resume()
  }

  #refuse(correlationId: string, pending: Pending, refusal: BatchRefusal): void {
    this.#open.delete(correlationId)
    this.#answer(batchRefusal(pending.key, refusal))
  }

  #refuseLate(): void {
    const now = Date.now()
    for (const [correlationId, pending] of this.#open) {
      if (pending.deadline < now) this.#refuse(correlationId, pending, { kind: 'timeout' })
    }
  }

  /** The answers of one commit leave together. */
  #answer(response: Buffer): void {
    if (this.#answers.length === 0) queueMicrotask(() => this.#flush())
    this.#answers.push(response)
  }

  #flush(): void {
    if (this.#answers.length > 0 && this.#call.writable) {
      this.#call.write(this.#answers)
      this.#throttle()
    }
    this.#answers = []
    this.#endWhenAnswered()
  }

  #endWhenAnswered(): void {
    if (this.#ended && this.#inFlight === 0 && this.#answers.length === 0) this.#call.end()
  }
}

const badRequest = (message: string): BatchRefusal => ({ kind: 'bad-request', message })

const refuseOptions = (options: AppendOptions, deadline: number, now: number): BatchRefusal | undefined => {
  if (options.stream === '') return badRequest('An append needs a stream.')
  if (options.stream === '$all') return { kind: 'access-denied' }
  if (options.expected === undefined) return badRequest('An append needs an expected revision.')
  return deadline <= now ? { kind: 'timeout' } : undefined
}
