import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from 'nats'
import { findNatsServer, spawnNatsServer } from '../src/bus/spawn-server.ts'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import { type Appended, Appender } from './appending.ts'
import { root, start } from './processes.ts'
import { quantiles } from './quantiles.ts'

const perSecond = Number(process.env.BENCH_EVENTS_PER_SECOND ?? 500)
const seconds = Number(process.env.BENCH_SECONDS ?? 10)
const warmUpSeconds = 10
const quietMs = 2_000

/**
 * From an append to the message at an external consumer of EVENTS, through a whole service; and, by itself, to a bare
 * subscription to the ledger, which is what the client, the node and the machine take of it.
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
  const appender = new Appender(node.url)
  try {
    const received = await listen(connection)
    await load(appender, 0, warmUpSeconds)
    const appended = await load(appender, 1_000_000, seconds)
    await connection.drain()
    report('answered to message', appended, received, 'answered')
    report('called to message', appended, received, 'called')
    const ending = new AbortController()
    const subscribed = subscribe(ledger, ending.signal)
    await load(appender, 2_000_000, warmUpSeconds)
    report('called to subscription', await load(appender, 3_000_000, seconds), subscribed, 'called')
    ending.abort()
  } finally {
    await appender.close()
    await connection.close()
    await ledger.close()
    await service.stop()
    await node.stop()
    await nats.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

const load = async (appender: Appender, firstRun: number, forSeconds: number): Promise<Appended> => {
  const appended = await appender.append({ firstRun, count: forSeconds * perSecond, perSecond })
  await sleep(quietMs)
  return appended
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
const listen = async (connection: NatsConnection): Promise<Map<string, bigint>> => {
  const received = new Map<string, bigint>()
  const js = connection.jetstream()
  // The stream is made by whoever leads, soon after the service is ready.
  const consumer = await retried(() => js.consumers.get('EVENTS'), streamTries)
  const messages = await consumer.consume()
  void (async () => {
    for await (const message of messages)
      received.set(message.headers?.get('Nats-Msg-Id') ?? '', process.hrtime.bigint())
  })()
  return received
}

/** Times of arrival by event id at the end of a subscription to the ledger. */
const subscribe = (ledger: EventStoreLedger, signal: AbortSignal): Map<string, bigint> => {
  const subscribed = new Map<string, bigint>()
  void (async () => {
    for await (const { id } of ledger.follow(-1n, signal)) subscribed.set(id, process.hrtime.bigint())
  })().catch(() => undefined)
  return subscribed
}

const report = (
  what: string,
  appended: Appended,
  received: Map<string, bigint>,
  since: 'called' | 'answered',
): void => {
  const latencies = appended.flatMap(({ id, [since]: at }) => {
    const arrived = received.get(id)
    return arrived === undefined ? [] : [Number(arrived - at) / 1e6]
  })
  console.log(`${what.padEnd(24)} ${quantiles(latencies)}  missing ${appended.length - latencies.length}`)
}
