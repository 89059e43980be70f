import type { EventStream } from '../app/ports/event-stream.ts'
import type { Log } from '../app/ports/follower.ts'
import type { EventStoreLedger } from '../ledger/eventstore.ts'
import type { Follower } from '../ledger/follower.ts'
import { ReadablePast } from '../ledger/past.ts'
import { EventRelay } from '../relay/event-relay.ts'
import type { Stop } from './stop.ts'

interface Parts {
  events: EventStream | null
  ledger: EventStoreLedger
  log: Log
  /** Whether this replica is the one that relays; all do without it. */
  isLeader?: () => boolean
}

/** Who tells external systems, where there is a bus that they can read. `start` is for when the followers run. */
export const composeEventRelay = ({ events, ledger, ...shared }: Parts, follower: Follower): { start(): Stop } => {
  if (!events) return { start: () => () => undefined }
  const relay = new EventRelay({ ...shared, stream: events, past: new ReadablePast(ledger, shared.log) })
  follower.add(relay)
  return {
    start: () => {
      relay.start()
      return () => relay.stop()
    },
  }
}
