import { type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js'
import { appendSuccess, appendWrongExpected } from './append-answers.ts'
import type { AppendMessage } from './append-request.ts'
import { asCallError, CallError, shuttingDown, streamDeleted } from './errors.ts'
import { ProposedAppend } from './proposed-append.ts'
import type { Expected } from './store/decide.ts'
import type { Outcome, Writer } from './store/writer.ts'

export const writeTimeoutMs = 2000

export type AppendCall = ServerReadableStream<AppendMessage, Buffer>

/** One `Streams.Append` call: one append, its events one message each, answered exactly once. */
export class Append {
  readonly #writer: Writer
  readonly #callback: sendUnaryData<Buffer>
  readonly #proposed: ProposedAppend
  #answered = false

  constructor(call: AppendCall, callback: sendUnaryData<Buffer>, writer: Writer, maxAppendSize: number) {
    this.#writer = writer
    this.#callback = callback
    this.#proposed = new ProposedAppend(maxAppendSize)
    call.on('data', (message: AppendMessage) => this.#attempt(() => this.#proposed.take(message)))
    call.on('end', () => this.#attempt(() => this.#submit()))
  }

  shutDown(): void {
    this.#answer(shuttingDown(status.UNAVAILABLE))
  }

  /** After an early answer, a size error for instance, the rest of the messages are of no interest. */
  #attempt(step: () => void): void {
    if (this.#answered) return
    try {
      step()
    } catch (error) {
      this.#answer(asCallError(error))
    }
  }

  #submit(): void {
    const { stream, expected } = this.#proposed.options()
    const { events, size } = this.#proposed
    const deadline = Date.now() + writeTimeoutMs
    const answer = (outcome: Outcome) => this.#answer(response(outcome, stream, expected))
    this.#writer.append({ stream, expected, events, size, deadline, answer })
  }

  #answer(answer: Buffer | CallError): void {
    if (this.#answered) return
    this.#answered = true
    if (answer instanceof CallError) this.#callback(answer)
    else this.#callback(null, answer)
  }
}

const response = (outcome: Outcome, stream: string, expected: Expected): Buffer | CallError => {
  switch (outcome.kind) {
    case 'done':
      return appendSuccess(outcome.revision, outcome.position)
    case 'wrong-expected':
      return appendWrongExpected(expected, outcome.last)
    case 'stream-deleted':
      return streamDeleted(stream)
    case 'timeout':
      return new CallError(status.ABORTED, 'The append was not written in time.')
    case 'closed':
      return shuttingDown(status.UNAVAILABLE)
    case 'failed':
      return new CallError(status.UNKNOWN, outcome.message)
  }
}
