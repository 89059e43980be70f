import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { dueWork } from '../projections/due-work.ts'
import { CommandHandler } from './app/handle.ts'
import type { Log } from './app/ports/follower.ts'
import { composeAccess } from './compose/access.ts'
import { composeBus } from './compose/bus.ts'
import { openDoor } from './compose/door.ts'
import { composeEraser } from './compose/eraser.ts'
import { composeEventRelay } from './compose/event-relay.ts'
import { composeEvidence } from './compose/evidence.ts'
import { composeLease } from './compose/lease.ts'
import { nameLedger } from './compose/ledger-name.ts'
import { type Stop, startParts } from './compose/stop.ts'
import { openViews, viewsCurrent } from './compose/views.ts'
import { composeWebhooks } from './compose/webhooks.ts'
import { startWorker } from './compose/worker.ts'
import type { Config } from './config.ts'
import { DirectoryInUse, lockDirectory } from './embedded/store/lock.ts'
import { openDataDir, StartError } from './host/data-dir.ts'
import { createLog } from './host/log.ts'
import { startNodeProcess } from './host/node-process.ts'
import { instanceId, positionKey } from './host/secrets.ts'
import { createApp } from './http/app.ts'
import { LiveStreams } from './http/native/events/live-streams.ts'
import { ReadAfterWrite } from './http/reads.ts'
import { EventStoreLedger } from './ledger/eventstore.ts'
import { Follower } from './ledger/follower.ts'
import { LiveFeed } from './ledger/live-feed.ts'
import { loadManifests } from './manifests/directory.ts'
import { registerManifests } from './processes/pipeline-files.ts'
import { Reconciler } from './processes/reconciler.ts'
import { Relay } from './relay/relay.ts'

export interface Running {
  url: string
  /** Finishes what is in flight and stops everything in reverse. */
  stop(): Promise<void>
}

/** Starts the whole of Ledgerline in this process. Throws StartError, NodeFailure or ConfigError, with nothing left. */
export const serve = async (config: Config, access: typeof composeAccess = composeAccess): Promise<Running> => {
  const { started: url, stop } = await startParts((stops) => startAll(config, access, stops))
  return { url, stop }
}

const startAll = async (config: Config, compose: typeof composeAccess, stops: Stop[]): Promise<string> => {
  const log = createLog(config.logLevel)
  const door = await openDoor(config)
  stops.push(() => door.close())
  await openDataDir(config.dataDir)
  stops.push(await lock(config.dataDir))

  const url = await ledgerUrl(config, log, stops)
  const ledger = new EventStoreLedger(url)
  stops.push(() => ledger.close())
  const commands = new CommandHandler(ledger)
  const access = await compose(config, commands, log)
  stops.push(() => access.close())
  const { views, follower: viewFollower } = await openViews(config, log, stops)

  const { bus, events, directory, onLost } = await composeBus(config, log, stops)
  stops.push(access.shareLimits(bus))
  const instance = await instanceId(config.dataDir)
  const worker = `${instance}.${randomUUID()}`
  const head = await ledger.head()
  const shared = { commands, bus, log, worker, leaseMs: config.runLeaseMs, nowMs: Date.now }
  const fromHead = async () => head
  const reconciler = new Reconciler({ ...shared, due: dueWork(views), head: fromHead })

  const follower = new Follower(ledger, log)
  follower.add(viewFollower)
  follower.add(new Relay(bus, fromHead))
  follower.add(reconciler)
  const feed = new LiveFeed(ledger, log)
  follower.add(feed)
  const eraser = composeEraser({ views, subjectKeys: access.subjectKeys, log, head: fromHead }, follower)
  const leading = composeLease(config, { commands, log, instance, head: fromHead }, follower)
  const { lease } = leading
  const eventRelay = composeEventRelay({ events, ledger, log, isLeader: () => lease.isHeld() }, follower)
  const webhooks = composeWebhooks(
    config,
    { commands, views, viewFollower, openSealed: access.openSealed, log, lease, head: fromHead },
    follower,
  )
  await follower.start()
  stops.push(() => follower.stop())
  stops.push(eventRelay.start())
  await viewsCurrent(viewFollower, head, log)
  await eraser.start()

  const position = await registerPipelines(config, commands, log)
  await viewFollower.reach(position, 10_000)
  await reconciler.start()
  onLost(() => void reconciler.lost())
  stops.push(() => reconciler.stop())
  // Only now: who leads must know what is due.
  stops.push(leading.start())
  stops.push(await webhooks.start())
  const ledgerName = await nameLedger(commands, config.ledgerName, instance)
  const { evidence } = await composeEvidence(config, { commands, url, ledgerName, lease, log }, stops)
  if (config.worker === 'inline') stops.push(await startWorker(config, { ...shared, directory }))

  const live = new LiveStreams(feed)
  const app = createApp({
    commands,
    live,
    views,
    log,
    nowMs: Date.now,
    evidence,
    publicLedgers: config.ledgerPublic,
    reads: new ReadAfterWrite(viewFollower, await positionKey(config.keysDir)),
    ...access,
    notReady: () =>
      ledger.head().then(
        () => null,
        () => 'ledger',
      ),
  })
  door.open(getRequestListener(app.fetch))
  // Stopped first: what is in flight is answered while everything is still there.
  stops.push(() => door.close())
  // They are in flight for as long as anybody listens.
  stops.push(() => live.close())
  return door.url
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

/** Positions between the last followed event and the head belong to nobody; so the head may never be reached. */
const registerPipelines = async (config: Config, commands: CommandHandler, log: Log): Promise<bigint> => {
  const { manifests, problems } = await loadManifests(config.pipelinesDir)
  for (const problem of problems) log.error('a manifest is wrong and was left out', { ...problem })
  const { changed, position } = await registerManifests(commands, manifests, Date.now())
  log.info('pipelines read', { directory: config.pipelinesDir, found: manifests.length, changed })
  return position
}
