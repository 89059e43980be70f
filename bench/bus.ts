import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from 'nats'
import { findNatsServer, spawnNatsServer } from '../src/bus/spawn-server.ts'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import { runStream } from './events.ts'
import { root, start } from './processes.ts'

const eventsPerSecond = Number(process.env.BENCH_EVENTS_PER_SECOND ?? 500)
const seconds = Number(process.env.BENCH_SECONDS ?? 10)
const warmUpMs = 2_000
const quietMs = 3_000

/**
 * From an append to the message at an external consumer of EVENTS, through a whole service; beside a bare subscription to
 * the ledger, which is what the client, the node and the machine take of it.
 */
export const run = async (): Promise<void> => {
  if (!findNatsServer(process.env.PATH ?? '')) return console.log('skipped: nats-server is not installed')
  const dir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const nats = await spawnNatsServer({ storageDir: join(dir, 'nats'), executablePath: process.env.PATH ?? '' })
  const node = await start('src/cli.js', ['node', '--port', '0', '--dir', join(dir, 'ledger')], /ready (\S+)$/m, {})
  const env = { EVENTSTORE_URL: node.url, NATS_URL: nats.url, DATA_DIR: join(dir, 'data'), PORT: '0', WORKER: 'none' }
  const pipelines = { PIPELINES_DIR: join(root, 'bench/pipelines'), LOG_LEVEL: 'warn' }
  const service = await start('src/cli.js', ['serve'], /^ledgerline ready (\S+)$/m, { ...env, ...pipelines })
  const ledger = new EventStoreLedger(node.url)
  const connection = await connect({ servers: nats.url })
  const ending = new AbortController()
  try {
    const received = await listen(connection)
    const subscribed = subscribe(ledger, ending.signal)
    await append(ledger, 0, warmUpMs)
    const appended = await append(ledger, 1_000_000, seconds * 1_000)
    await sleep(quietMs)
    report('append called to subscribed', appended.called, subscribed)
    report('append called to received', appended.called, received)
    report('append answered to received', appended.answered, received)
  } finally {
    ending.abort()
    await connection.close()
    await ledger.close()
    await service.stop()
    await node.stop()
    await nats.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

const streamTries = 100

const retried = async <Result>(work: () => Promise<Result>, tries: number): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    if (tries === 0) throw error
    await new Promise((resolve) => setTimeout(resolve, 100))
    return retried(work, tries - 1)
  }
}

/** Times of arrival by event id, filled from now on. */
const listen = async (connection: NatsConnection): Promise<Map<string, number>> => {
  const received = new Map<string, number>()
  const js = connection.jetstream()
  // The stream is made by whoever leads, soon after the service is ready.
  const consumer = await retried(() => js.consumers.get('EVENTS'), streamTries)
  const messages = await consumer.consume()
  void (async () => {
    for await (const message of messages) received.set(message.headers?.get('Nats-Msg-Id') ?? '', performance.now())
  })()
  return received
}

/** Times of arrival by event id at the end of a subscription to the ledger. */
const subscribe = (ledger: EventStoreLedger, signal: AbortSignal): Map<string, number> => {
  const subscribed = new Map<string, number>()
  void (async () => {
    for await (const { id } of ledger.follow(-1n, signal)) subscribed.set(id, performance.now())
  })().catch(() => undefined)
  return subscribed
}

/** Appends one event of a run at a time, evenly over the duration. Times by event id. */
const append = async (ledger: EventStoreLedger, firstRun: number, durationMs: number) => {
  const called = new Map<string, number>()
  const answered = new Map<string, number>()
  const appending: Promise<void>[] = []
  const total = (durationMs * eventsPerSecond) / 1_000
  const prepared = Array.from({ length: total }, (_, index) => runStream(firstRun + index))
  const startedAt = performance.now()
  const one = async (index: number): Promise<void> => {
    const { stream, events } = prepared[index] ?? {}
    const [first] = events ?? []
    if (!stream || !first) return
    called.set(first.id, performance.now())
    await ledger.append(stream, -1n, [first])
    answered.set(first.id, performance.now())
  }
  for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - startedAt) {
    while (appending.length < (elapsed * eventsPerSecond) / 1_000) appending.push(one(appending.length))
    await sleep(1)
  }
  await Promise.all(appending)
  return { called, answered }
}

const report = (what: string, times: Map<string, number>, received: Map<string, number>): void => {
  const latencies = [...times].flatMap(([id, at]) => {
    const arrived = received.get(id)
    return arrived === undefined ? [] : [arrived - at]
  })
  latencies.sort((a, b) => a - b)
  const at = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? Number.NaN).toFixed(1)
  const missing = times.size - latencies.length
  const line = what.padEnd(28)
  console.log(`${line} ${times.size} events  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  missing ${missing}`)
}
