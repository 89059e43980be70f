import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { dueWork } from '../projections/due-work.ts'
import { allViews } from '../projections/index.ts'
import { ViewRunner } from '../projections/runner.ts'
import { ThreadedViewWriter } from '../projections/threaded.ts'
import { ViewFollower, ViewReader } from '../projections/views.ts'
import { CommandHandler } from './app/handle.ts'
import type { Log } from './app/ports/follower.ts'
import { InProcessBus } from './bus/in-process.ts'
import { composeAccess } from './compose/access.ts'
import type { Config } from './config.ts'
import { DirectoryInUse, lockDirectory } from './embedded/store/lock.ts'
import { localEngine } from './engines/local/engine.ts'
import { steps } from './engines/local/scoring/steps.ts'
import { openDataDir, StartError } from './host/data-dir.ts'
import { close, listen, portOf } from './host/http-server.ts'
import { createLog } from './host/log.ts'
import { startNodeProcess } from './host/node-process.ts'
import { samplesDir } from './host/samples.ts'
import { instanceId, positionKey } from './host/secrets.ts'
import { createApp } from './http/app.ts'
import { ReadAfterWrite } from './http/reads.ts'
import { EventStoreLedger } from './ledger/eventstore.ts'
import { Follower } from './ledger/follower.ts'
import { loadManifests } from './manifests/directory.ts'
import { registerManifests } from './processes/pipeline-files.ts'
import { Reconciler } from './processes/reconciler.ts'
import { Relay } from './relay/relay.ts'
import { Worker } from './workers/worker.ts'

export interface Running {
  url: string
  /** Finishes what is in flight and stops everything in reverse. */
  stop(): Promise<void>
}

type Stop = () => void | Promise<void>

/** Starts the whole of Ledgerline in this process. Throws StartError, NodeFailure or ConfigError, with nothing left. */
export const serve = async (config: Config): Promise<Running> => {
  const stops: Stop[] = []
  const stop = async () => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart()
  }
  try {
    return { url: await startParts(config, stops), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const startParts = async (config: Config, stops: Stop[]): Promise<string> => {
  const log = createLog(config.logLevel)
  const door = await openDoor(config, stops)
  await openDataDir(config.dataDir)
  stops.push(await lock(config.dataDir))

  const ledger = new EventStoreLedger(await ledgerUrl(config, log, stops))
  stops.push(() => ledger.close())
  const commands = new CommandHandler(ledger)
  const { views, follower: viewFollower } = await openViews(config, log, stops)

  const bus = new InProcessBus(log, { ackWaitMs: config.runLeaseMs })
  stops.push(() => bus.close())
  const worker = `${await instanceId(config.dataDir)}.${randomUUID()}`
  const head = await ledger.head()
  const shared = { commands, bus, log, worker, leaseMs: config.runLeaseMs, nowMs: Date.now }
  const fromHead = async () => head
  const reconciler = new Reconciler({ ...shared, due: dueWork(views), head: fromHead })

  const follower = new Follower(ledger, log)
  follower.add(viewFollower)
  follower.add(new Relay(bus, fromHead))
  follower.add(reconciler)
  await follower.start()
  stops.push(() => follower.stop())
  await viewsCurrent(viewFollower, head, log)

  const position = await registerPipelines(config, commands, log)
  await viewFollower.reach(position, 10_000)
  await reconciler.start()
  stops.push(() => reconciler.stop())
  if (config.worker === 'inline') stops.push(startWorker(config, shared))

  const access = await composeAccess(config, commands, log)
  stops.push(() => access.close())
  const app = createApp({
    commands,
    views,
    log,
    nowMs: Date.now,
    reads: new ReadAfterWrite(viewFollower, await positionKey(config.dataDir)),
    ...access,
    notReady: () =>
      ledger.head().then(
        () => null,
        () => 'ledger',
      ),
  })
  door.open(getRequestListener(app.fetch))
  return door.url
}

/** The port is bound first, so that one in use is known before anything is changed; until all is up it answers 503. */
const openDoor = async ({ host, port }: Config, stops: Stop[]) => {
  let listener: ReturnType<typeof getRequestListener> | undefined
  const server = await listen(host, port, (request, response) => {
    if (listener) return void listener(request, response)
    response.writeHead(503, { 'Retry-After': '1' }).end('starting')
  }).catch((error) => {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown reason'
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be bound (${code})`
    throw new StartError(`port ${port} of ${host} ${reason}`)
  })
  stops.push(() => close(server))
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`,
    open: (app: ReturnType<typeof getRequestListener>) => {
      listener = app
    },
  }
}

const lock = async (dir: string): Promise<Stop> => {
  try {
    const held = await lockDirectory(dir)
    return () => held.release()
  } catch (error) {
    if (error instanceof DirectoryInUse)
      throw new StartError(`the directory ${dir} is in use by another ledgerline process`)
    throw error
  }
}

const ledgerUrl = async (config: Config, log: Log, stops: Stop[]): Promise<string> => {
  if (config.eventstoreUrl) return config.eventstoreUrl
  const node = await startNodeProcess(join(config.dataDir, 'ledger'), log)
  stops.push(() => node.stop())
  return node.url
}

const openViews = async ({ dataDir }: Config, log: Log, stops: Stop[]) => {
  const path = join(dataDir, 'views.db')
  await prepareViews(path, log)
  const writer = new ThreadedViewWriter(path)
  stops.push(() => writer.close())
  const views = new ViewReader(path)
  stops.push(() => views.close())
  log.debug('views opened', { path })
  return { views, follower: new ViewFollower(writer) }
}

/** Opened and closed once, so that the reader finds tables. A damaged file is no loss: the ledger has everything. */
const prepareViews = async (path: string, log: Log): Promise<void> => {
  try {
    await new ViewRunner(path, allViews).close()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/NOTADB|CORRUPT/.test(code)) throw error
    log.warn('the views are damaged and are built again', { path, code })
    for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
    await new ViewRunner(path, allViews).close()
  }
}

const viewsCurrent = async (views: ViewFollower, head: bigint, log: Log): Promise<void> => {
  const sayEveryMs = 2_000
  while (!(await views.reach(head, sayEveryMs))) {
    log.info('the views are being built', { reached: String(views.current()), of: String(head) })
  }
}

/** Positions between the last followed event and the head belong to nobody; so the head may never be reached. */
const registerPipelines = async (config: Config, commands: CommandHandler, log: Log): Promise<bigint> => {
  const { manifests, problems } = await loadManifests(config.pipelinesDir)
  for (const problem of problems) log.error('a manifest is wrong and was left out', { ...problem })
  const { changed, position } = await registerManifests(commands, manifests, Date.now())
  log.info('pipelines read', { directory: config.pipelinesDir, found: manifests.length, changed })
  return position
}

const startWorker = (
  config: Config,
  shared: Pick<ConstructorParameters<typeof Worker>[0], 'commands' | 'bus' | 'log' | 'worker' | 'leaseMs' | 'nowMs'>,
): Stop => {
  const engine = localEngine({ tenantsDir: config.tenantsDir, samplesDir: samplesDir(), steps })
  const worker = new Worker({
    ...shared,
    engine,
    rates: config.costRates,
    beforePublishMs: config.drillBeforePublishMs,
    concurrency: config.workerConcurrency,
    stopGraceMs: config.shutdownGraceMs,
  })
  worker.start()
  return () => worker.stop()
}
