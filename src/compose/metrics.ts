import { newestCheckpoint } from '../../projections/checkpoints.ts'
import {
  activeRuns,
  dueDeliveries,
  firingAlerts,
  openDeadLetters,
  pendingApprovals,
} from '../../projections/figures.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { CallRecorder } from '../app/call-recorder.ts'
import type { LogName } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Figure, Metrics } from '../app/ports/metrics.ts'
import type { WorkerStats } from '../app/ports/worker-directory.ts'
import { version } from '../app/version.ts'
import type { LogReader } from '../evidence/log/reader.ts'
import type { EventStoreLedger } from '../ledger/eventstore.ts'
import type { Follower } from '../ledger/follower.ts'
import { PrometheusMetrics } from '../metrics/prometheus.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import type { LogSealer } from '../processes/log-sealer.ts'
import type { ComposedBus } from './bus.ts'

const checkTimeoutMs = 1_000

type Ledger = Pick<EventStoreLedger, 'head'>

interface ServiceParts {
  log: Log
  views: ReadDb
  follower: Pick<Follower, 'lagSeconds'>
  calls: Pick<CallRecorder, 'behindMs'>
  lease: Pick<RoleLease, 'isHeld'>
  logs: { reader: Pick<LogReader, 'heads'>; sealer: Pick<LogSealer, 'isBroken'> }
  ledger: Ledger
  isReachable: ComposedBus['isReachable']
  /** Of the worker in this process; null when there is none. */
  workerStats: (() => WorkerStats) | null
}

/** What the service tells at GET /metrics. Figures of what there is to do are of the ledger, so every replica has the same. */
export const serviceMetrics = ({ log, workerStats, ...parts }: ServiceParts): Metrics =>
  new PrometheusMetrics(log, [
    ...figuresOfProcess(parts),
    ...figuresOfViews(parts),
    ...figuresOfLogs(parts),
    ...(workerStats ? figuresOfWorker(workerStats) : []),
    {
      name: 'leader',
      help: 'Whether this replica does what one replica at a time does.',
      kind: 'gauge',
      read: () => Number(parts.lease.isHeld()),
    },
    {
      name: 'follower_lag_seconds',
      help: 'Age of the oldest event that a follower of the ledger has not handled.',
      kind: 'gauge',
      label: 'follower',
      read: () => parts.follower.lagSeconds(Date.now()),
    },
    {
      name: 'call_records_lag_seconds',
      help: 'Age of the oldest call whose record is not durable; calls are refused where it stays above 1.',
      kind: 'gauge',
      read: () => parts.calls.behindMs() / 1_000,
    },
  ]).ofProcess()

export interface WorkerParts {
  log: Log
  stats(): WorkerStats
  ledger: Ledger
  isReachable: ComposedBus['isReachable']
}

/** What a worker without an API tells on its health port. */
export const workerMetrics = ({ log, stats, ...parts }: WorkerParts): Metrics =>
  new PrometheusMetrics(log, [...figuresOfProcess(parts), ...figuresOfWorker(stats)]).ofProcess()

const figuresOfProcess = ({ ledger, isReachable }: Pick<WorkerParts, 'ledger' | 'isReachable'>): Figure[] => [
  {
    name: 'build_info',
    help: 'Always 1.',
    kind: 'gauge',
    label: 'version',
    read: () => ({ [version]: 1 }),
  },
  {
    name: 'up',
    help: 'Whether this process reaches what it needs.',
    kind: 'gauge',
    label: 'part',
    read: async () => {
      const isLedgerUp = isInTime(checkTimeoutMs, ledger.head())
      const isBusUp = isReachable(checkTimeoutMs)
      return { ledger: Number(await isLedgerUp), bus: Number(await isBusUp) }
    },
  },
]

const figuresOfViews = ({ views }: Pick<ServiceParts, 'views'>): Figure[] => [
  {
    name: 'runs',
    help: 'Runs that have not ended.',
    kind: 'gauge',
    label: 'status',
    read: () => activeRuns(views),
  },
  {
    name: 'approvals_pending',
    help: 'Approvals that are waited for.',
    kind: 'gauge',
    read: () => pendingApprovals(views),
  },
  {
    name: 'webhook_deliveries_due',
    help: 'Messages to webhooks that are yet to be sent, or sent again.',
    kind: 'gauge',
    read: () => dueDeliveries(views),
  },
  {
    name: 'dead_letters_open',
    help: 'Dead letters that are open or being retried.',
    kind: 'gauge',
    read: () => openDeadLetters(views),
  },
  {
    name: 'alerts_firing',
    help: 'Alerts that nobody has acknowledged and that are not resolved.',
    kind: 'gauge',
    read: () => firingAlerts(views),
  },
]

type Head = ReturnType<LogReader['heads']>[number]

const figuresOfLogs = ({ views, logs: { reader, sealer } }: Pick<ServiceParts, 'views' | 'logs'>): Figure[] => {
  /** By log, over all tenants. */
  const over = (combine: (all: number, one: number) => number, figureOf: (head: Head) => number) => () => {
    const figures: Record<LogName, number> = { commands: 0, access: 0 }
    for (const head of reader.heads()) figures[head.log] = combine(figures[head.log], figureOf(head))
    return figures
  }
  const sum = (all: number, one: number) => all + one
  const sealedOf = ({ tenant, log }: Head) => newestCheckpoint(views, tenant, log)
  const shared = { kind: 'gauge', label: 'log' } as const
  return [
    {
      ...shared,
      name: 'log_leaves',
      help: 'Leaves in the trees of the logs of evidence.',
      read: over(sum, ({ size }) => size),
    },
    {
      ...shared,
      name: 'log_unsealed_leaves',
      help: 'Leaves that no signed checkpoint covers yet.',
      read: over(sum, (head) => Math.max(0, head.size - (sealedOf(head)?.size ?? 0))),
    },
    {
      ...shared,
      name: 'log_sealing_lag_seconds',
      help: 'Age of the newest checkpoint of a log that has grown since, of the log where it is oldest.',
      read: over(Math.max, (head) => {
        const sealed = sealedOf(head)
        return sealed && sealed.size < head.size ? (Date.now() - Date.parse(sealed.recorded_at)) / 1_000 : 0
      }),
    },
    {
      ...shared,
      name: 'logs_differing',
      help: 'Logs whose past differs from what was sealed; they are sealed no more.',
      read: over(sum, ({ id }) => Number(sealer.isBroken(id))),
    },
  ]
}

const figuresOfWorker = (stats: () => WorkerStats): Figure[] => [
  {
    name: 'worker_jobs',
    help: 'Attempts at runs that this worker has in hand.',
    kind: 'gauge',
    read: () => stats().active,
  },
  {
    name: 'worker_attempts_total',
    help: 'Attempts that this worker has ended.',
    kind: 'counter',
    label: 'outcome',
    read: () => {
      const { finished, failed } = stats()
      return { finished, failed }
    },
  },
]

/** Whether it is there in time. */
export const isInTime = (timeoutMs: number, asked: Promise<unknown>): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs)
    asked
      .then(
        () => resolve(true),
        () => resolve(false),
      )
      .finally(() => clearTimeout(timer))
  })
