import { onTestFinished } from 'vitest'
import { cloudEventOf } from '../../src/app/cloud-events.ts'
import type { EventStream } from '../../src/app/ports/event-stream.ts'
import { LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import type { Past } from '../../src/app/ports/past.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { type StreamName, streamName } from '../../src/domain/ids.ts'
import { EventRelay, type EventRelayDeps } from '../../src/relay/event-relay.ts'
import { metadataOf, newEvent } from './events.ts'
import { runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import * as e from './run-events.ts'

/** A ledger to relay from: it grows by whole events, and some of them stay inside. */
export class RelayedLedger implements Past {
  readonly memory: InMemoryLedger
  readonly pasts: bigint[] = []
  /** How many events the next readings of the past give before they break off. */
  pastBreaks: number[] = []
  private count = 0

  constructor(nowMs: () => number = Date.now) {
    this.memory = new InMemoryLedger(nowMs)
  }

  head(): Promise<bigint> {
    return this.memory.head()
  }

  async *past(after: bigint, until: bigint) {
    this.pasts.push(after)
    const breakAfter = this.pastBreaks.shift()
    const found = this.memory.all.filter(({ position }) => position > after && position <= until)
    for (const event of found.slice(0, breakAfter)) yield event
    if (breakAfter !== undefined) throw new LedgerUnavailable('reading broke off')
  }

  /** Every fourth event is a lease, which is nobody's business outside. */
  async grow(count: number): Promise<void> {
    for (let added = 0; added < count; added += 1, this.count += 1) {
      const isLease = this.count % 4 === 3
      const stream = streamName(isLease ? 'lease' : 'run', tenant, isLease ? 'role' : runOf(`r${this.count % 3}`))
      await this.add(stream, isLease ? lease : e.paused)
    }
  }

  /** What external systems are to be told, in order. */
  published(): bigint[] {
    return this.memory.all.filter((event) => cloudEventOf(event)).map(({ position }) => position)
  }

  private async add(stream: StreamName, event: DomainEvent): Promise<void> {
    const revision = BigInt(this.memory.stream(stream).length) - 1n
    const added = newEvent(event, metadataOf())
    await this.memory.append(stream, revision, [{ ...added, id: uuidOf(this.count) }])
  }
}

const uuidOf = (count: number): string => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`
const lease: DomainEvent = {
  type: 'LeaseTaken',
  data: { role: 'role', owner: 'box.1', epoch: 1, until: e.atTime(30) },
}

/** A relay that follows; it looks after the stream every few milliseconds. */
export const startRelay = async (
  stream: EventStream,
  ledger: RelayedLedger,
  over: Partial<EventRelayDeps> = {},
): Promise<{ relay: EventRelay; log: SilentLog; stop(): Promise<void> }> => {
  const log = new SilentLog()
  const relay = new EventRelay({ stream, past: ledger, log, lookMs: 20, tickMs: 5, ...over })
  await relay.position()
  const stopFeeding = feed(relay, ledger)
  relay.start()
  const stop = async () => {
    relay.stop()
    await stopFeeding()
  }
  onTestFinished(stop)
  return { relay, log, stop }
}

/** Hands on what the ledger stores from now on, as the follower does. */
const feed = (relay: EventRelay, { memory }: RelayedLedger): (() => Promise<void>) => {
  let done = memory.all.length
  let handing = Promise.resolve()
  const drain = async () => {
    const events = memory.all.slice(done)
    await relay.handle(events)
    done += events.length
  }
  const stopListening = memory.onStored(() => {
    handing = handing.then(drain)
  })
  return async () => {
    stopListening()
    await handing
  }
}
