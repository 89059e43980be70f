import { type EventStream, type StreamEnd, type StreamMessage, StreamMoved } from '../app/ports/event-stream.ts'
import { type LedgerEvent, LedgerUnavailable } from '../app/ports/ledger.ts'
import type { Past } from '../app/ports/past.ts'
import { eventMessage } from './event-message.ts'

const batchEventsMax = 200
/** Lets the relay publish in between. */
const pauseMs = 10
const retryMs = 500
const failuresMax = 20

export interface Republishing {
  stream: EventStream
  past: Past
  /** Tells this republishing from every other one: the stream is not to take its messages for repetitions. */
  mark: string
}

/**
 * Publishes again what the ledger holds from a position on (inclusive) up to its head. Each message says where the relay
 * stood, so that the relay goes on from there. Returns the number of messages.
 */
export const republish = async ({ stream, past, mark }: Republishing, from: bigint): Promise<number> => {
  const writer = new Writer(stream)
  const head = await past.head()
  let batch: StreamMessage[] = []
  let published = 0
  const flush = async () => {
    await writer.append(batch)
    published += batch.length
    batch = []
  }
  for await (const event of resumed(past, head)) {
    if (event.position < from) continue
    const message = eventMessage(event, stream.bodyBytesMax)
    if (message) batch.push({ ...message, id: `${message.id}.${mark}` })
    if (batch.length === batchEventsMax) await flush()
  }
  await flush()
  return published
}

/** From the start, since a reading can only begin behind an event; it goes on when it breaks off on its way. */
async function* resumed(past: Past, until: bigint): AsyncGenerator<LedgerEvent> {
  for (let after = -1n, isDone = false; !isDone; ) {
    const before = after
    try {
      for await (const event of past.past(before, until)) {
        after = event.position
        yield event
      }
      isDone = true
    } catch (error) {
      if (!(error instanceof LedgerUnavailable) || after === before) throw error
    }
  }
}

class Writer {
  private readonly stream: EventStream
  private end: StreamEnd | undefined
  private failures = 0

  constructor(stream: EventStream) {
    this.stream = stream
  }

  async append(messages: readonly StreamMessage[]): Promise<void> {
    for (let due = messages; due.length > 0; ) due = await this.offer(due)
    await sleep(pauseMs)
  }

  /** Returns what is not stored yet. */
  private async offer(due: readonly StreamMessage[]): Promise<readonly StreamMessage[]> {
    this.end ??= await this.stream.end()
    const { position: cursor, sequence } = this.end
    this.end = undefined
    try {
      await this.stream.append(
        due.map((message) => ({ ...message, cursor })),
        sequence,
      )
      this.end = { position: cursor, sequence: sequence + due.length }
      this.failures = 0
      return []
    } catch (error) {
      if (error instanceof StreamMoved) return due.slice(error.stored + (error.isRepetition ? 1 : 0))
      // It is not known how many are stored; those will be repetitions.
      this.failures += 1
      if (this.failures > failuresMax) throw error
      await sleep(retryMs)
      return due
    }
  }
}

const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))
