import {
  type Appended,
  type Ledger,
  type LedgerEvent,
  LedgerUnavailable,
  type NewEvent,
  WrongRevision,
} from '../../src/app/ports/ledger.ts'
import type { StreamName } from '../../src/domain/ids.ts'
import { metadataSchema, schemas } from '../../src/ledger/schemas/index.ts'

/**
 * What befalls an append: `before` fails without storing; `after` stores and loses the acknowledgement; `meanwhile`
 * lets somebody else write first; `delayMs` makes it slow.
 */
export type Fault = 'before' | 'after' | { meanwhile: () => Promise<unknown> } | { delayMs: number }

export interface AppendCall {
  stream: string
  expected: bigint
  events: readonly NewEvent[]
}

/** Positions have gaps, as a real ledger's have. */
const positionStep = 7n

/** The ledger's rules in memory (facts/eventstore.md, 3.1.4 and 3.1.5), with switches for what may go wrong. */
export class InMemoryLedger implements Ledger {
  readonly all: LedgerEvent[] = []
  readonly appends: AppendCall[] = []
  /** Names of the streams that were read, in order. */
  readonly reads: string[] = []
  readonly kept = new Map<string, number>()
  readonly keptSeconds = new Map<string, number>()
  /** Each takes the next append; undefined lets it pass. */
  faults: (Fault | undefined)[] = []
  /** As long as it is set, every call fails. */
  isDown = false
  /** The next calls to keepLast that fail. */
  keepLastFailures = 0
  private readonly streams = new Map<string, LedgerEvent[]>()
  private readonly listeners = new Set<() => void>()
  private readonly nowMs: () => number

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs
  }

  async append(stream: StreamName, expected: bigint, events: readonly NewEvent[]): Promise<Appended> {
    this.appends.push({ stream, expected, events: structuredClone(events) })
    const fault = this.faults.shift()
    this.assertUp()
    if (fault === 'before') throw new LedgerUnavailable('lost before it was stored')
    if (typeof fault === 'object') await happen(fault)
    const appended = this.store(stream, expected, events)
    if (fault === 'after') throw new LedgerUnavailable('the acknowledgement was lost')
    return appended
  }

  async read(stream: StreamName, from: bigint): Promise<LedgerEvent[]> {
    this.reads.push(stream)
    this.assertUp()
    return this.readable(stream).filter(({ revision }) => revision >= from)
  }

  async readLast(stream: StreamName): Promise<LedgerEvent | undefined> {
    this.reads.push(stream)
    this.assertUp()
    return this.readable(stream).at(-1)
  }

  async keepLast(stream: StreamName, count: number): Promise<void> {
    this.assertUp()
    if (this.keepLastFailures > 0) {
      this.keepLastFailures -= 1
      throw new LedgerUnavailable('the limit was not set')
    }
    this.kept.set(stream, count)
  }

  async keepFor(stream: StreamName, seconds: number): Promise<void> {
    this.assertUp()
    this.keptSeconds.set(stream, seconds)
  }

  async head(): Promise<bigint> {
    return this.all.at(-1)?.position ?? -1n
  }

  /** All events of a stream, also those that have left it. */
  stream(name: string): readonly LedgerEvent[] {
    return this.streams.get(name) ?? []
  }

  onStored(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private assertUp(): void {
    if (this.isDown) throw new LedgerUnavailable('the ledger is down')
  }

  private readable(name: string): readonly LedgerEvent[] {
    const oldestMs = this.nowMs() - 1_000 * (this.keptSeconds.get(name) ?? Infinity)
    const events = this.stream(name).filter(({ recordedAt }) => Date.parse(recordedAt) >= oldestMs)
    return events.slice(-(this.kept.get(name) ?? events.length) || events.length)
  }

  /** The same ids after the expected revision are the same append again; anything else there is a conflict. */
  private store(stream: StreamName, expected: bigint, events: readonly NewEvent[]): Appended {
    const stored = this.streams.get(stream) ?? []
    const last = BigInt(stored.length) - 1n
    if (expected !== last) {
      const again = stored.slice(Number(expected) + 1, Number(expected) + 1 + events.length)
      const matched = again.at(-1)
      if (expected > last || !matched || events.some(({ id }, index) => again[index]?.id !== id)) {
        throw new WrongRevision(stream, last < 0n ? null : last)
      }
      return { revision: matched.revision, position: matched.position }
    }
    for (const added of events) this.add(stream, stored, added)
    this.streams.set(stream, stored)
    for (const listener of this.listeners) listener()
    return { revision: BigInt(stored.length) - 1n, position: this.all.at(-1)?.position ?? -1n }
  }

  private add(stream: StreamName, stored: LedgerEvent[], { id, event, metadata }: NewEvent): void {
    schemas[event.type].parse(event.data)
    const added: LedgerEvent = {
      id,
      stream,
      revision: BigInt(stored.length),
      position: (this.all.at(-1)?.position ?? 0n) + positionStep,
      type: event.type,
      event: structuredClone(event),
      metadata: metadataSchema.parse(metadata),
      recordedAt: new Date(this.nowMs()).toISOString(),
    }
    stored.push(added)
    this.all.push(added)
  }
}

const happen = async (fault: Exclude<Fault, string>): Promise<void> => {
  if ('meanwhile' in fault) await fault.meanwhile()
  else await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
}
