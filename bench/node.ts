import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient, jsonEvent, streamNameFilter } from '@eventstore/db-client'
import { start } from './processes.ts'

const appendSeconds = 4
const catchUpEvents = 100_000
const eventsPerAppend = 200
const payload = 'x'.repeat(480)

const event = (n: number) => jsonEvent({ type: 'RunRequested', data: { n, payload }, metadata: { tenant: 'default' } })

/**
 * The embedded node as a child process on a directory of its own, and the unmodified client: figures of the pair. In
 * turns with a bare node, which keeps nothing: what lies between the two is the ledger, the rest is the protocol.
 */
export const run = async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const args = ['--port', '0', '--dir', directory]
  const node = await start('src/embedded/main.js', args, /^ledgerline node ready (\S+)/m, {})
  const bare = await start('bench/bare-node.js', [], /^bare node ready (\S+)/m, {})
  const client = EventStoreDBClient.connectionString(node.url)
  const bareClient = EventStoreDBClient.connectionString(bare.url)
  try {
    for (const each of [client, bareClient]) await appends(each, 32, 1)
    for (const inFlight of [1, 32, 256]) {
      const limit = await appends(bareClient, inFlight, appendSeconds)
      const measured = await appends(client, inFlight, appendSeconds)
      console.log(
        `appends, ${inFlight} in flight: ${inWords(measured)}; ${beside(measured.perSecond, limit.perSecond)}`,
      )
    }
    await fill(client)
    const limit = await catchUp(bareClient)
    const { count, perSecond } = await catchUp(client)
    console.log(`catch-up of $all: ${perSecond.toFixed(0)} events/s (${count}); ${beside(perSecond, limit.perSecond)}`)
    await filtered(client)
  } finally {
    await Promise.all([client.dispose(), bareClient.dispose()])
    await Promise.all([node.stop(), bare.stop()])
    await rm(directory, { recursive: true })
  }
}

const beside = (perSecond: number, limit: number): string =>
  `${(perSecond / limit).toFixed(2)} of a node that keeps nothing (${limit.toFixed(0)}/s)`

interface Appends {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

const inWords = ({ perSecond, p50Ms, p99Ms }: Appends): string =>
  `${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`

const appends = async (client: EventStoreDBClient, inFlight: number, seconds: number): Promise<Appends> => {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  const writer = async (index: number) => {
    for (let n = 0; performance.now() < end; n++) {
      const before = performance.now()
      await client.appendToStream(`run-default.${index}-${n}-${before}`, event(n), { expectedRevision: 'no_stream' })
      latencies.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => writer(index)))
  const perSecond = latencies.length / ((performance.now() - start) / 1000)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** One stream in a hundred is what the filtered read looks for. */
const fill = async (client: EventStoreDBClient): Promise<void> => {
  for (let from = 0; from < catchUpEvents; from += eventsPerAppend) {
    const stream = (from / eventsPerAppend) % 100 === 0 ? `wanted-${from}` : `other-${from}`
    await client.appendToStream(
      stream,
      Array.from({ length: eventsPerAppend }, (_, index) => event(from + index)),
      { expectedRevision: 'no_stream' },
    )
  }
}

const catchUp = async (client: EventStoreDBClient): Promise<{ count: number; perSecond: number }> => {
  const start = performance.now()
  let count = 0
  for await (const _event of client.readAll()) count++
  return { count, perSecond: count / ((performance.now() - start) / 1000) }
}

const filtered = async (client: EventStoreDBClient): Promise<void> => {
  const start = performance.now()
  const subscription = client.subscribeToAll({
    filter: streamNameFilter({ prefixes: ['wanted-'], maxSearchWindow: 1000, checkpointInterval: 10 }),
  })
  subscription.resume()
  await once(subscription, 'caughtUp')
  const elapsed = performance.now() - start
  await subscription.unsubscribe()
  let total = 0n
  for await (const { event: newest } of client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 })) {
    total = newest?.position?.commit ?? 0n
  }
  const perSecond = Number(total) / (elapsed / 1000)
  console.log(`filtered, one in a hundred, looked at: ${perSecond.toFixed(0)} events/s (${total} events)`)
}
