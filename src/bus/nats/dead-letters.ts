import { headers, type JsMsg } from 'nats'
import type { Link } from './link.ts'
import { deadLetterSubject } from './names.ts'
import type { Held } from './outbox.ts'
import type { WorkStream } from './work-stream.ts'

/** The last resting place of jobs: the message as it was, and in its headers why, after how many deliveries, whence. */
export class DeadLetters {
  private readonly link: Link
  private readonly stream: WorkStream

  constructor(link: Link, stream: WorkStream) {
    this.link = link
    this.stream = stream
  }

  async bury(message: JsMsg, { subject, seq, created }: Held, reason: string): Promise<void> {
    const notes = headers()
    // A header ends at the end of its line.
    notes.set('Ledgerline-Reason', reason.replace(/\s+/g, ' ').slice(0, 1_000))
    notes.set('Ledgerline-Deliveries', String(message.info.deliveryCount))
    notes.set('Ledgerline-Subject', subject)
    const msgID = `${message.info.stream}.${created}.${seq}`
    await this.link.persist(
      async () => {
        await this.stream.ready()
        const options = { msgID, headers: notes }
        this.stream.saw(await this.link.js.publish(deadLetterSubject(subject), message.data, options))
      },
      () => this.stream.doubt(),
    )
  }
}
