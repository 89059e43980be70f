import type { DomainEvent } from '../../domain/events.ts'
import type { StreamName } from '../../domain/ids.ts'
import type { EventMetadata } from '../../domain/metadata.ts'

/** An event as it is to be appended. `id` is a UUID. */
export interface NewEvent {
  id: string
  event: DomainEvent
  metadata: EventMetadata
}

/** An event as the ledger holds it. `event` is null where this version does not know the type. */
export interface LedgerEvent<Event extends DomainEvent = DomainEvent> {
  id: string
  stream: string
  revision: bigint
  /** Strictly growing over the whole ledger; gaps are normal. */
  position: bigint
  type: string
  event: Event | null
  metadata: EventMetadata
  /** The ledger's own time, ISO 8601 with milliseconds. */
  recordedAt: string
}

/** What was appended: the ledger assigns revisions without a gap, and one position to the last event. */
export interface Appended {
  revision: bigint
  position: bigint
}

export interface Ledger {
  /**
   * Appends all events or none. `expected` is the revision of the stream's last event, -1 for a stream that must not
   * exist. Throws WrongRevision, or LedgerUnavailable when the outcome is not known: the same call may be repeated.
   */
  append(stream: StreamName, expected: bigint, events: readonly NewEvent[]): Promise<Appended>
  /** The stream's events from a revision on, oldest first; empty when there are none. */
  read(stream: StreamName, from: bigint): Promise<LedgerEvent[]>
  /** The stream's last event. */
  readLast(stream: StreamName): Promise<LedgerEvent | undefined>
  /** Lets the stream keep its last `count` events only. */
  keepLast(stream: StreamName, count: number): Promise<void>
  /** Lets the stream keep its events for so long only. */
  keepFor(stream: StreamName, seconds: number): Promise<void>
}

/** `actual` is the revision of the stream's last event, also of one that has expired; null where it is not told. */
export class WrongRevision extends Error {
  readonly actual: bigint | null
  constructor(stream: string, actual: bigint | null = null) {
    super(stream)
    this.actual = actual
  }
}

export class LedgerUnavailable extends Error {}
