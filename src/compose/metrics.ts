import {
  activeRuns,
  dueDeliveries,
  firingAlerts,
  openDeadLetters,
  pendingApprovals,
} from '../../projections/figures.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { CallRecorder } from '../app/call-recorder.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Figure, Metrics } from '../app/ports/metrics.ts'
import type { WorkerStats } from '../app/ports/worker-directory.ts'
import { version } from '../app/version.ts'
import type { Follower } from '../ledger/follower.ts'
import { PrometheusMetrics } from '../metrics/prometheus.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { type LogParts, logTotals } from './log-totals.ts'
import { type Reached, reach } from './reach.ts'

interface ServiceParts extends Reached {
  log: Log
  views: ReadDb
  follower: Pick<Follower, 'lagSeconds'>
  calls: Pick<CallRecorder, 'behindMs'>
  lease: Pick<RoleLease, 'isHeld'>
  logs: LogParts['logs']
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

export interface WorkerParts extends Reached {
  log: Log
  stats(): WorkerStats
}

/** What a worker without an API tells on its health port. */
export const workerMetrics = ({ log, stats, ...parts }: WorkerParts): Metrics =>
  new PrometheusMetrics(log, [...figuresOfProcess(parts), ...figuresOfWorker(stats)]).ofProcess()

const figuresOfProcess = (reached: Reached): Figure[] => [
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
      const { ledger, bus } = await reach(reached)
      return { ledger: Number(ledger), bus: Number(bus) }
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

const figuresOfLogs = (parts: Pick<ServiceParts, 'views' | 'logs'>): Figure[] => {
  const totals = logTotals(parts)
  const shared = { kind: 'gauge', label: 'log' } as const
  return [
    {
      ...shared,
      name: 'log_leaves',
      help: 'Leaves in the trees of the logs of evidence.',
      read: () => totals().leaves,
    },
    {
      ...shared,
      name: 'log_unsealed_leaves',
      help: 'Leaves that no signed checkpoint covers yet.',
      read: () => totals().unsealed,
    },
    {
      ...shared,
      name: 'log_unsealed_seconds',
      help: 'For how long, as seen here, a log has had unsealed leaves and no new checkpoint; of the log with the longest.',
      read: () => totals().unsealedSeconds,
    },
    {
      ...shared,
      name: 'logs_differing',
      help: 'Logs whose past differs from what was sealed; they are sealed no more.',
      read: () => totals().differing,
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
