import { randomUUID } from 'node:crypto'
import type { Job } from '../../app/ports/bus.ts'
import { apiCodeOf, type Link } from './link.ts'
import { execSubject } from './names.ts'
import { encode } from './wire.ts'
import { absent, type WorkStream } from './work-stream.ts'

const codes = { wrongLastSequence: 10071, messageNotFound: 10037, deleteFailed: 10057, streamNotFound: 10059 }

/** A message of a stream, as it was handed to a consumer. */
export interface Held {
  subject: string
  seq: number
  /** Of the stream, so that a number is never used on another stream of the same name. */
  created: string | undefined
}

/**
 * What is in a stream is waiting or in work: a job has a subject of its own, is published only where nothing is on it,
 * and is deleted when it is done. The server compares and writes in one step, so this holds across processes.
 */
export class Outbox {
  private readonly link: Link
  private readonly stream: WorkStream
  private readonly durable: string
  private readonly finishing = new Map<string, Promise<void>>()

  constructor(link: Link, stream: WorkStream, durable: string) {
    this.link = link
    this.stream = stream
    this.durable = durable
  }

  async publish(job: Job): Promise<void> {
    const subject = execSubject(job.engine, job.tenant, job.id)
    // Each time it becomes due it is another message; only its repetitions are the same.
    const msgID = `${job.id}.${randomUUID()}`
    await this.finishing.get(subject)
    const data = encode(job)
    await this.link.persist(
      async () => {
        await this.stream.ready()
        while (!(await this.offer(subject, data, msgID))) if (!(await this.removeGhost(subject))) return
      },
      () => this.stream.doubt(),
    )
  }

  /** Removes for good what a consumer has dealt with. */
  finish(held: Held, before: () => Promise<void> = async () => undefined): Promise<void> {
    const finished = before()
      .then(() => this.link.persist(() => this.remove(held)))
      .finally(() => {
        if (this.finishing.get(held.subject) === finished) this.finishing.delete(held.subject)
      })
    this.finishing.set(held.subject, finished)
    return finished
  }

  /** Resolves when all that is finished is known to the server. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.finishing.values())
  }

  /** False when there is a message on the subject already. */
  private async offer(subject: string, data: string, msgID: string): Promise<boolean> {
    try {
      this.stream.saw(await this.link.js.publish(subject, data, { msgID, expect: { lastSubjectSequence: 0 } }))
      return true
    } catch (error) {
      if (apiCodeOf(error) === codes.wrongLastSequence) return false
      throw error
    }
  }

  /** A server that was killed may bring back what was finished; nobody would ever be given it. */
  private async removeGhost(subject: string): Promise<boolean> {
    const { streams, consumers } = this.link.jsm
    const found = await absent(streams.getMessage(this.stream.name, { last_by_subj: subject }), codes.messageNotFound)
    if (!found) return true
    const { ack_floor } = await consumers.info(this.stream.name, this.durable)
    if (found.seq > ack_floor.stream_seq) return false
    await this.remove({ subject, seq: found.seq, created: this.stream.created })
    return true
  }

  private async remove({ seq, created }: Held): Promise<void> {
    const { streams } = this.link.jsm
    const info = await absent(streams.info(this.stream.name), codes.streamNotFound)
    if (info?.created !== created) return this.stream.doubt()
    // To the server a message that is deleted is acknowledged; an ack of its own could come without the deletion.
    const gone = [codes.messageNotFound, codes.deleteFailed, codes.streamNotFound]
    await absent(streams.deleteMessage(this.stream.name, seq, false), ...gone)
  }
}
