import { randomUUID } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import { dueWork } from '../../projections/due-work.ts'
import { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import { instanceId, positionKey } from '../host/secrets.ts'
import { createApp } from '../http/app.ts'
import { LiveStreams } from '../http/native/events/live-streams.ts'
import { ReadAfterWrite } from '../http/reads.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import { Follower } from '../ledger/follower.ts'
import { LiveFeed } from '../ledger/live-feed.ts'
import { loadManifests } from '../manifests/directory.ts'
import { readManifest, readManifestText } from '../manifests/reader.ts'
import { registerManifests } from '../processes/pipeline-files.ts'
import { Reconciler } from '../processes/reconciler.ts'
import { Relay } from '../relay/relay.ts'
import { composeAccess } from './access.ts'
import { composeBus } from './bus.ts'
import type { Door } from './door.ts'
import { composeEraser } from './eraser.ts'
import { composeEventRelay } from './event-relay.ts'
import { composeEvidence } from './evidence.ts'
import { composeGovernance } from './governance.ts'
import { composeLease } from './lease.ts'
import { nameLedger } from './ledger-name.ts'
import { serviceMetrics } from './metrics.ts'
import { briefly, type Stop } from './stop.ts'
import { composeValidation } from './validation.ts'
import { openViews, viewsCurrent } from './views.ts'
import { composeWebhooks } from './webhooks.ts'
import type { WorkerShared } from './worker.ts'

interface Parts {
  log: Log
  door: Door
  /** Of the ledger. */
  url: string
  access: typeof composeAccess | undefined
}

/** All that stands between the ledger and the door; the door is open when this resolves. */
export const startService = async (
  config: Config,
  { log, door, url, access: compose = composeAccess }: Parts,
  stops: Stop[],
): Promise<void> => {
  const ledger = new EventStoreLedger(url)
  stops.push(() => ledger.close())
  const commands = new CommandHandler(ledger)
  // Before the policies, which keep this thread busy while that of the views loads.
  const { views, follower: viewFollower } = await openViews(config, log, stops)
  const access = await compose(config, commands, log)
  stops.push(briefly(() => access.close()))

  const { bus, events, directory, onLost, isReachable } = await composeBus(config, log, stops)
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
  const seen = { commands, views, log, head: fromHead }
  const webhooks = composeWebhooks(config, { ...seen, viewFollower, openSealed: access.openSealed, lease }, follower)
  const governed = { ...seen, viewFollower, lease, policies: access.policies }
  const governance = await composeGovernance(config, governed, follower)
  await follower.start()
  stops.push(() => follower.stop())
  stops.push(eventRelay.start())
  await viewsCurrent(viewFollower, head, log)
  await eraser.start()

  const position = await registerPipelines(config, commands, log)
  await viewFollower.reach(position, 10_000)
  reconciler.start()
  onLost(() => void reconciler.lost())
  stops.push(briefly(() => reconciler.stop()))
  // Only now: who leads must know what is due.
  stops.push(leading.start())
  stops.push(briefly(await webhooks.start()))
  stops.push(briefly(await governance.start()))
  const ledgerName = await nameLedger(commands, config.ledgerName, instance)
  const logs = await composeEvidence(config, { commands, url, ledgerName, lease, log }, stops)
  const workerStats = await startInlineWorker(config, { ...shared, directory }, stops)

  const live = new LiveStreams(feed)
  const app = createApp({
    commands,
    live,
    views,
    log,
    nowMs: Date.now,
    evidence: logs.evidence,
    evidenceJobs: logs.evidenceJobs,
    streams: ledger,
    runLogDays: config.runLogDays,
    ...governance.services,
    manifests: { read: readManifest, readText: readManifestText },
    ...composeValidation(),
    publicLedgers: config.ledgerPublic,
    reads: new ReadAfterWrite(viewFollower, await positionKey(config.keysDir)),
    ...access,
    notReady: () => missingOf(ledger),
    metrics: serviceMetrics({ ...{ log, views, follower, lease, logs, workerStats, ledger, isReachable }, ...access }),
  })
  door.open(getRequestListener(app.fetch))
  // Stopped first: what is in flight is answered while everything is still there.
  stops.push(() => door.close())
  // They are in flight for as long as anybody listens.
  stops.push(() => live.close())
}

/** Answers what it has done, or null when there is none. */
const startInlineWorker = async (config: Config, shared: WorkerShared, stops: Stop[]) => {
  if (config.worker !== 'inline') return null
  const { composeWorker } = await import('./worker.ts')
  const { stats, start } = composeWorker(config, shared)
  stops.push(await start())
  return stats
}

/** What keeps the service from being ready. */
const missingOf = (ledger: EventStoreLedger): Promise<string | null> =>
  ledger.head().then(
    () => null,
    () => 'ledger',
  )

/** Positions between the last followed event and the head belong to nobody; so the head may never be reached. */
const registerPipelines = async (config: Config, commands: CommandHandler, log: Log): Promise<bigint> => {
  const { manifests, problems } = await loadManifests(config.pipelinesDir)
  for (const problem of problems) log.error('a manifest is wrong and was left out', { ...problem })
  const { changed, position } = await registerManifests(commands, manifests, Date.now())
  log.info('pipelines read', { directory: config.pipelinesDir, found: manifests.length, changed })
  return position
}
