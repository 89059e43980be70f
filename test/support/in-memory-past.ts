import { type LedgerEvent, LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import type { RawEvent } from '../../src/ledger/codec.ts'
import type { PastSource } from '../../src/ledger/live-feed.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'

const rawOf = ({ id, stream, revision, type, event, metadata, position, recordedAt }: LedgerEvent): RawEvent => ({
  id,
  streamId: stream,
  revision,
  type,
  created: new Date(recordedAt),
  data: event?.data,
  metadata,
  position: { commit: position },
})

/** The past of a ledger in memory, as the live feed reads it. */
export const pastOf = (ledger: InMemoryLedger): PastSource => ({
  head: async () => {
    if (ledger.isDown) throw new LedgerUnavailable('the ledger is down')
    return ledger.head()
  },
  page: async (streams, { after, until, countMax }) => {
    if (ledger.isDown) throw new LedgerUnavailable('the ledger is down')
    const pattern = new RegExp(streams)
    const matching = ledger.all.filter(({ position, stream }) => position > after && pattern.test(stream))
    const events = matching.slice(0, countMax)
    const last = events.at(-1)?.position ?? after
    return { events: events.map(rawOf), reached: events.length === countMax || last > until ? last : until }
  },
})
