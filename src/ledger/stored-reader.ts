import { BACKWARDS, END, EventStoreDBClient, StreamNotFoundError } from '@eventstore/db-client'
import type { RawEvent } from './codec.ts'
import { type Stored, storedOf } from './stored.ts'
import { translate } from './translate.ts'

const readTimeoutMs = 10_000
/** About as many as come at once: while they are taken, more are on their way. */
const partEvents = 32
const disposeTimeoutMs = 500

/** Reads events as they are stored, for evidence. Throws LedgerUnavailable. */
export class StoredReader {
  private readonly client: EventStoreDBClient

  constructor(url: string) {
    this.client = EventStoreDBClient.connectionString(url)
  }

  /** A stream's events from its first one on, `countMax` at most; empty when there is no such stream. */
  stream(name: string, countMax: number): Promise<Stored[]> {
    return collect(() => this.client.readStream(name, { maxCount: countMax, deadline: readTimeoutMs }))
  }

  /** The event of a revision. */
  async at(name: string, revision: bigint): Promise<Stored | undefined> {
    const read = () => this.client.readStream(name, { fromRevision: revision, maxCount: 1, deadline: readTimeoutMs })
    const [event] = await collect(read)
    return event
  }

  async last(name: string): Promise<Stored | undefined> {
    const options = { fromRevision: END, direction: BACKWARDS, maxCount: 1, deadline: readTimeoutMs } as const
    const [event] = await collect(() => this.client.readStream(name, options))
    return event
  }

  /** The ledger's events from a position on, that one included: some at a time, as they come. */
  async *from(position: bigint, count: number): AsyncGenerator<Stored[]> {
    const fromPosition = { commit: position, prepare: position }
    const read = this.client.readAll({ fromPosition, maxCount: count, deadline: readTimeoutMs })
    let part: Stored[] = []
    try {
      for await (const { event } of read) {
        if (event) part.push(storedOf(event))
        if (part.length < partEvents) continue
        yield part
        part = []
      }
    } catch (error) {
      throw translate(error)
    } finally {
      // One that is left on its way would stay open.
      await read.cancel().catch(() => undefined)
    }
    if (part.length > 0) yield part
  }

  async close(): Promise<void> {
    await Promise.race([this.client.dispose(), new Promise((resolve) => setTimeout(resolve, disposeTimeoutMs))])
  }
}

const collect = async (read: () => AsyncIterable<{ event?: RawEvent }>): Promise<Stored[]> => {
  const events: Stored[] = []
  try {
    for await (const { event } of read()) if (event) events.push(storedOf(event))
  } catch (error) {
    if (error instanceof StreamNotFoundError) return []
    throw translate(error)
  }
  return events
}
