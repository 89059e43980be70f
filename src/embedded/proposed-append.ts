import { status } from '@grpc/grpc-js'
import { type AppendMessage, type AppendOptions, type Proposed, sizeOf } from './append-request.ts'
import { accessDenied, appendTooLarge, CallError, invalidArgument, missingEventMetadata } from './errors.ts'
import type { Expected } from './store/decide.ts'
import type { ProposedEvent } from './store/record.ts'

/** Collects the messages of one `Append`; throws the `CallError` that refuses it. */
export class ProposedAppend {
  readonly events: ProposedEvent[] = []
  size = 0
  readonly #maxAppendSize: number
  #options: AppendOptions | undefined

  constructor(maxAppendSize: number) {
    this.#maxAppendSize = maxAppendSize
  }

  take(message: AppendMessage): void {
    if (this.#options === undefined) {
      this.#options = message.options
      this.options()
    }
    if (message.proposed === undefined) return
    const event = valid(message.proposed)
    this.size += sizeOf(event)
    if (this.size > this.#maxAppendSize) throw appendTooLarge(this.#maxAppendSize)
    this.events.push(event)
  }

  options(): { stream: string; expected: Expected } {
    if (this.#options === undefined) throw invalidArgument('The first message of an append must be its options.')
    const { stream, expected } = this.#options
    if (stream === '') throw invalidArgument('An append needs a stream.')
    if (stream === '$all') throw accessDenied('Nothing can be appended to $all.')
    if (expected === undefined) throw invalidArgument('An append needs an expected revision.')
    return { stream, expected }
  }
}

const valid = (proposed: Proposed): ProposedEvent => {
  if (proposed === 'missing-metadata') throw missingEventMetadata()
  if (proposed === 'invalid') throw new CallError(status.UNKNOWN, 'An event needs an id and a type.')
  return proposed
}
