import {
  DiscardPolicy,
  headers,
  type MsgHdrs,
  nanos,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
  type StreamState,
} from 'nats'
import { type EventStream, type StreamEnd, type StreamMessage, StreamMoved } from '../../app/ports/event-stream.ts'
import { apiCodeOf, type Link } from './link.ts'
import { eventStream, eventSubjects } from './names.ts'
import { absent } from './work-stream.ts'

const keptMs = 30 * 24 * 3_600_000
const dedupeMs = 10 * 60_000
const bytesMax = 1024 * 1024 * 1024
const inFlightMax = 64
/** Of the server's limit of a message, what its headers may take. */
const headerBytesMax = 1_024
const payloadBytesDefault = 1024 * 1024
/** Among how many numbers one is looked for that says how far the ledger has come. */
const lookedThroughMax = 1_000

const codes = { streamNotFound: 10059, messageNotFound: 10037, wrongLastSequence: 10071 }
const names = { position: 'Ledger-Position', cursor: 'Ledgerline-Cursor', contentType: 'Content-Type' }

type Answer = { ack: PubAck } | { error: unknown }

/** The stream EVENTS on JetStream. Where the relay stands is written in its last message, and nowhere else. */
export class NatsEventStream implements EventStream {
  private readonly link: Link
  private readonly replicas: number

  constructor(link: Link, replicas = 1) {
    this.link = link
    this.replicas = replicas
  }

  get bodyBytesMax(): number {
    return (this.link.nc.info?.max_payload ?? payloadBytesDefault) - headerBytesMax
  }

  onUp(handler: () => void): void {
    this.link.onUp(handler)
  }

  /** Asked of the stream's leader: a copy that lags would show an end that was. */
  end(): Promise<StreamEnd> {
    const { streams } = this.link.jsm
    return this.link.persist(async () => {
      const { state } = (await absent(streams.info(eventStream), codes.streamNotFound)) ?? (await this.create())
      return { position: await this.relayedTo(state), sequence: state.last_seq }
    })
  }

  async append(messages: readonly StreamMessage[], after: number): Promise<void> {
    const answers: Promise<Answer>[] = []
    let stored = 0
    const confirm = async () => {
      const answer = await answers[stored]
      if (answer && 'ack' in answer && answer.ack.seq === after + stored + 1) {
        stored += 1
        return
      }
      // Nothing is to be under way any more when the end is looked for.
      await Promise.all(answers)
      throw refusalOf(answer, stored)
    }
    for (const message of messages) {
      if (answers.length - stored === inFlightMax) await confirm()
      answers.push(this.offer(message, after + answers.length))
    }
    while (stored < messages.length) await confirm()
  }

  private offer({ subject, id, position, body, cursor }: StreamMessage, lastSequence: number): Promise<Answer> {
    const marks = headers()
    marks.set(names.contentType, 'application/cloudevents+json')
    marks.set(names.position, String(position))
    if (cursor !== undefined) marks.set(names.cursor, String(cursor))
    const options = { msgID: id, headers: marks, expect: { streamName: eventStream, lastSequence } }
    return this.link
      .attempt(() => this.link.js.publish(subject, body, options))
      .then(
        (ack) => ({ ack }),
        (error: unknown) => ({ error }),
      )
  }

  /**
   * By number: asked for the last of all subjects, 2.9 finds none when the very last was deleted. Whoever may publish here
   * could have, without saying how far the ledger has come.
   */
  private async relayedTo({ messages, first_seq, last_seq }: StreamState): Promise<bigint> {
    const first = Math.max(first_seq, last_seq - lookedThroughMax + 1)
    for (let seq = last_seq; messages > 0 && seq >= first; seq -= 1) {
      const found = await absent(this.link.jsm.streams.getMessage(eventStream, { seq }), codes.messageNotFound)
      const position = positionOf(found?.header)
      if (position !== undefined) return position
    }
    return -1n
  }

  private create(): Promise<StreamInfo> {
    return this.link.jsm.streams.add({
      name: eventStream,
      subjects: [eventSubjects],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_age: nanos(keptMs),
      max_bytes: bytesMax,
      discard: DiscardPolicy.Old,
      duplicate_window: nanos(dedupeMs),
      allow_direct: true,
      num_replicas: this.replicas,
    })
  }
}

const positionOf = (header: MsgHdrs | undefined): bigint | undefined => {
  const text = header?.get(names.cursor) || header?.get(names.position)
  return text && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

const refusalOf = (answer: Answer | undefined, stored: number): unknown => {
  if (!answer || 'ack' in answer) return new StreamMoved(stored, answer?.ack.duplicate === true)
  const isElsewhere = apiCodeOf(answer.error) === codes.wrongLastSequence
  return isElsewhere ? new StreamMoved(stored, false) : answer.error
}
