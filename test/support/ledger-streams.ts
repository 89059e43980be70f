import { LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import type { LedgerStreams } from '../../src/app/ports/ledger-streams.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'

/** The streams of a ledger in memory. */
export const streamsOf = (ledger: InMemoryLedger): LedgerStreams => ({
  read: (stream, from) => ledger.read(stream, from),
  readRange: async (stream, { from, isBackwards, countMax }) => {
    const all = await ledger.read(stream, 0n)
    const isAsked = (revision: bigint) => from === null || (isBackwards ? revision <= from : revision >= from)
    const asked = all.filter(({ revision }) => isAsked(revision))
    return (isBackwards ? asked.reverse() : asked).slice(0, countMax)
  },
  followStream: async function* (stream, after, signal) {
    let wake = (): void => undefined
    const stops = [ledger.onStored(() => wake())]
    const onAbort = () => wake()
    signal.addEventListener('abort', onAbort)
    try {
      for (let last = after; !signal.aborted; ) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve
        })
        if (ledger.isDown) throw new LedgerUnavailable('the ledger is down')
        const found = (await ledger.read(stream, 0n)).filter(({ revision }) => revision > last)
        for (const event of found) {
          yield event
          last = event.revision
        }
        if (found.length === 0) await changed
      }
    } finally {
      for (const stop of stops) stop()
      signal.removeEventListener('abort', onAbort)
    }
  },
})
