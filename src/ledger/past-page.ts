import { type EventStoreDBClient, START, streamNameFilter } from '@eventstore/db-client'
import { LedgerUnavailable } from '../app/ports/ledger.ts'
import type { RawEvent } from './codec.ts'

/** What a reading of the past came to. */
export interface PastPage {
  events: RawEvent[]
  /** Up to here everything that matches is in `events`. */
  reached: bigint
}

export interface PageRange {
  /** A position; -1: from the start. */
  after: bigint
  /** A position that the ledger has: as far as there, or somewhat further. */
  until: bigint
  countMax: number
}

/** Of events that do not match, after so many times 32 the ledger says how far it has looked. */
const checkpointInterval = 32

class Checkpoint {
  readonly position: bigint
  constructor(position: bigint) {
    this.position = position
  }
}

/**
 * The first events of a range in streams whose names match a regular expression. The ledger leaves out the others; it
 * can do so for subscriptions only, and tells by checkpoints how far it has come where nothing matches.
 */
export const readPage = async (
  client: EventStoreDBClient,
  streams: string,
  { after, until, countMax }: PageRange,
  signal: AbortSignal,
): Promise<PastPage> => {
  const filter = streamNameFilter({
    regex: streams,
    checkpointInterval,
    // Into the line of events, for it counts only when those before it have been taken.
    checkpointReached: (subscription, { commit }) => void subscription.push(new Checkpoint(commit)),
  })
  const fromPosition = after < 0n ? START : { commit: after, prepare: after }
  const subscription = client.subscribeToAll({ fromPosition, filter })
  const end = () => void subscription.unsubscribe().catch(() => undefined)
  signal.addEventListener('abort', end)
  const events: RawEvent[] = []
  let reached = after
  try {
    if (signal.aborted) end()
    for await (const passed of subscription) {
      if (passed instanceof Checkpoint) reached = passed.position > until ? until : passed.position
      else if (passed.event) {
        events.push(passed.event)
        reached = passed.event.position.commit
      }
      if (reached >= until || events.length >= countMax) return { events, reached }
    }
    throw new LedgerUnavailable('the subscription ended')
  } finally {
    signal.removeEventListener('abort', end)
    await subscription.unsubscribe().catch(() => undefined)
  }
}
