import type { BreakGlassWork, SloWork } from '../src/app/ports/alerts.ts'
import { must, parsePipelineId, parseTenantId } from '../src/domain/ids.ts'
import type { Past } from '../src/domain/slo/measured.ts'
import { type AlertRow, alertsTable, brokenGlassTable, sloPipelinesTable, subjectOf } from './alerts.ts'
import { countRuns, newestSuccess, type Period, type RunCounts } from './metric-queries.ts'
import type { ReadDb } from './projection.ts'
import { runById } from './run-queries.ts'

const untoldMax = 1_000

interface WatchedRow {
  tenant: string
  pipeline_id: string
}

const watchedOf = ({ tenant, pipeline_id }: WatchedRow) => ({
  tenant: must(parseTenantId(tenant), 'tenant'),
  pipelineId: must(parsePipelineId(pipeline_id), 'pipeline id'),
})

/** What runs came to, as seen from one moment; no window is read twice. */
export const pastOfRuns = (
  db: ReadDb,
  tenant: string,
  of: Required<Pick<Period, 'pipelineId' | 'environment'>>,
  nowMs: number,
  maxDurationMs: number | null,
): Past => {
  const counts = new Map<number, RunCounts>()
  let newestMs: number | null | undefined
  return {
    count: (lastMs) => {
      const known = counts.get(lastMs)
      const found = known ?? countRuns(db, tenant, { ...of, fromMs: nowMs - lastMs, toMs: nowMs }, maxDurationMs)
      counts.set(lastMs, found)
      return found
    },
    ageMs: () => {
      if (newestMs === undefined) newestMs = newestSuccess(db, tenant, { ...of, toMs: nowMs })
      return newestMs === null ? null : nowMs - newestMs
    },
  }
}

/** What the views know of objectives. A run that ends in this very millisecond counts. */
export const sloWork = (db: ReadDb): SloWork => ({
  watched: () => db.all<WatchedRow>(`select * from ${sloPipelinesTable}`).map(watchedOf),
  ofRun: (tenant, runId) => {
    const any = db.get<WatchedRow>(`select * from ${sloPipelinesTable} where tenant = ? limit 1`, tenant)
    const run = any && runById(db, tenant, runId)
    if (!run) return undefined
    const sql = `select * from ${sloPipelinesTable} where tenant = ? and pipeline_id = ?`
    const found = db.get<WatchedRow>(sql, tenant, run.pipeline_id)
    return found && watchedOf(found)
  },
  past: ({ tenant, pipelineId, environment }, nowMs, maxDurationMs) =>
    pastOfRuns(db, tenant, { pipelineId, environment }, nowMs + 1, maxDurationMs),
  alert: ({ tenant, pipelineId, environment }, objective) => {
    const subject = subjectOf(pipelineId, environment, objective)
    const newest = db.get<AlertRow & { raised: number }>(
      `select *, (select count(*) from ${alertsTable} where tenant = ? and subject = ?) raised
       from ${alertsTable} where tenant = ? and subject = ? order by position desc limit 1`,
      ...[tenant, subject, tenant, subject],
    )
    const isOpen = newest !== undefined && newest.state !== 'resolved' && newest.severity !== null
    const open = isOpen && newest.severity ? { alertId: newest.alert_id, severity: newest.severity } : null
    return { raised: newest?.raised ?? 0, open }
  },
})

interface BrokenRow {
  tenant: string
  approval_id: string
  correlation_id: string
  event_id: string
}

/** Approvals that were given by one alone, as the views know them. */
export const breakGlassWork = (db: ReadDb): BreakGlassWork => ({
  untold: () =>
    db.all<BrokenRow>(`select * from ${brokenGlassTable} limit ?`, untoldMax).map((row) => ({
      tenant: must(parseTenantId(row.tenant), 'tenant'),
      approvalId: row.approval_id,
      cause: { correlationId: row.correlation_id, causationId: row.event_id },
    })),
})
