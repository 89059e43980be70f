import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { EventStoreDBClient, jsonEvent, streamNameFilter } from '@eventstore/db-client'

const appendSeconds = 4
const catchUpEvents = 100_000
const eventsPerAppend = 200
const payload = 'x'.repeat(480)

const event = (n: number) => jsonEvent({ type: 'RunRequested', data: { n, payload }, metadata: { tenant: 'default' } })

/** The embedded node as a child process on a directory of its own, and the unmodified client: figures of the pair. */
const run = async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const main = fileURLToPath(new URL('../src/embedded/main.js', import.meta.url))
  const child = spawn(process.execPath, [main, '--port', '0', '--dir', directory, '--exit-with-stdin'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(createInterface(child.stdout), 'line')
    const url = String(line).split(' ').at(-1) ?? ''
    const client = EventStoreDBClient.connectionString(url)
    await appends(client, 32, 1, 'warm-up')
    for (const inFlight of [1, 32, 256]) await appends(client, inFlight, appendSeconds)
    await fill(client)
    await catchUp(client)
    await filtered(client)
    await client.dispose()
  } finally {
    child.stdin.end()
    await once(child, 'exit')
    await rm(directory, { recursive: true })
  }
}

const appends = async (
  client: EventStoreDBClient,
  inFlight: number,
  seconds: number,
  label?: string,
): Promise<void> => {
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
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2)
  console.log(
    `appends, ${label ?? `${inFlight} in flight`}: ${perSecond.toFixed(0)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
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

const catchUp = async (client: EventStoreDBClient): Promise<void> => {
  const start = performance.now()
  let count = 0
  for await (const _event of client.readAll()) count++
  report('catch-up of $all', count, performance.now() - start)
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
  report('filtered, one in a hundred, looked at', Number(total), elapsed)
}

const report = (what: string, events: number, milliseconds: number): void =>
  console.log(`${what}: ${(events / (milliseconds / 1000)).toFixed(0)} events/s (${events} events)`)

export default run

if (process.argv[1] === fileURLToPath(import.meta.url)) await run()
