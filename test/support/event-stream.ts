import { type EventStream, type StreamEnd, type StreamMessage, StreamMoved } from '../../src/app/ports/event-stream.ts'

/** What befalls a call of `append`: `before` stores nothing; `after` stores all and loses the answer; a number so many. */
export type AppendFault = 'before' | 'after' | number

/** The stream's rules in memory, with switches for what may go wrong. */
export class InMemoryEventStream implements EventStream {
  bodyBytesMax = 1024 * 1024
  messages: { sequence: number; message: StreamMessage }[] = []
  /** Each takes the next append. */
  faults: AppendFault[] = []
  /** As long as it is set, every call fails. */
  isDown = false
  ends = 0
  private sequence = 0
  private remembered = new Map<string, number>()
  private readonly upHandlers: (() => void)[] = []

  get positions(): bigint[] {
    return this.messages.map(({ message }) => message.position)
  }

  async end(): Promise<StreamEnd> {
    this.ends += 1
    this.assertUp()
    const last = this.messages.at(-1)?.message
    return { position: last?.cursor ?? last?.position ?? -1n, sequence: this.sequence }
  }

  async append(messages: readonly StreamMessage[], after: number): Promise<void> {
    this.assertUp()
    const fault = this.faults.shift()
    const taken = fault === 'before' ? 0 : typeof fault === 'number' ? fault : messages.length
    for (const [index, message] of messages.slice(0, taken).entries()) {
      const before = this.remembered.get(message.id)
      if (before === after + index + 1) continue
      if (before !== undefined) throw new StreamMoved(index, true)
      if (this.sequence !== after + index) throw new StreamMoved(index, false)
      this.sequence += 1
      this.messages.push({ sequence: this.sequence, message })
      this.remembered.set(message.id, this.sequence)
    }
    if (fault !== undefined) throw new Error('the answer was lost')
  }

  onUp(handler: () => void): void {
    this.upHandlers.push(handler)
  }

  /** All is gone, what is remembered of ids too. */
  wipe(): void {
    this.messages = []
    this.remembered = new Map()
    this.sequence = 0
  }

  /** The server comes back from a crash without the newest messages. */
  loseEnd(count: number): void {
    this.messages = this.messages.slice(0, -count)
    this.remembered = new Map(this.messages.map(({ sequence, message }) => [message.id, sequence]))
    this.sequence = this.messages.at(-1)?.sequence ?? 0
  }

  /** Somebody deletes the newest messages: neither numbers nor ids are forgotten. */
  deleteEnd(count: number): void {
    this.messages = this.messages.slice(0, -count)
  }

  comeUp(): void {
    for (const handler of this.upHandlers) handler()
  }

  private assertUp(): void {
    if (this.isDown) throw new Error('the stream is down')
  }
}
