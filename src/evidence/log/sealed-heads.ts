import type { SealedHead } from '../../app/ports/evidence.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { LogName } from '../leaf.ts'
import type { LedgerEvents } from './ledger-events.ts'

type Read = Pick<LedgerEvents, 'at' | 'last'>

const streamOf = (tenant: string, log: LogName): string => `checkpoint-${tenant}.${log}`

/** The checkpoints of a log, as its stream has them: each extends the one before. */
export class SealedHeads {
  private readonly events: Read
  private readonly stream: string

  constructor(events: Read, tenant: string, log: LogName) {
    this.events = events
    this.stream = streamOf(tenant, log)
  }

  /** With what witnesses have signed of it by now. */
  async newest(): Promise<SealedHead | null> {
    const [last, cosigned] = await Promise.all(
      [this.stream, `${this.stream}.cosigned`].map((stream) => this.events.last(stream)),
    )
    if (!last) return null
    const head = headOf(last)
    const { size, root, cosignatures = [] } = fieldsOf(cosigned)
    if (size !== head.size || root !== head.root || !Array.isArray(cosignatures)) return head
    return { ...head, note: head.note + cosignatures.map((line) => `${String(line)}\n`).join('') }
  }

  /** The last checkpoint of `size` leaves or fewer. */
  async upTo(size: number): Promise<SealedHead | null> {
    const [head] = await this.around(size + 1)
    return head
  }

  /** The first checkpoint of `size` leaves or more. */
  async covering(size: number): Promise<SealedHead | null> {
    const [, head] = await this.around(size)
    return head
  }

  /** The last checkpoint with fewer leaves, and the one after it. */
  private async around(size: number): Promise<[SealedHead | null, SealedHead | null]> {
    const last = await this.events.last(this.stream)
    if (!last) return [null, null]
    let [low, high] = [-1n, last.revision + 1n]
    let [below, above]: [SealedHead | null, SealedHead | null] = [null, null]
    while (high - low > 1n) {
      const middle = (low + high) / 2n
      const event = middle === last.revision ? last : await this.events.at(this.stream, middle)
      if (!event) throw new Error(`${this.stream} has no revision ${middle}`)
      const head = headOf(event)
      if (head.size < size) [low, below] = [middle, head]
      else [high, above] = [middle, head]
    }
    return [below, above]
  }
}

type Event = Awaited<ReturnType<Read['last']>>

const fieldsOf = (event: Event): JsonObject => {
  const data = event?.data
  return typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Uint8Array) ? data : {}
}

const headOf = (event: NonNullable<Event>): SealedHead => {
  const { size, root, note } = fieldsOf(event)
  if (typeof size === 'number' && typeof root === 'string' && typeof note === 'string') {
    return { size, root, note, recordedAt: event.recordedAt }
  }
  throw new Error(`the event ${event.revision}@${event.stream} is no checkpoint`)
}
