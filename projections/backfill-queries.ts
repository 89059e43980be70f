import type { ActiveBackfill, BackfillWork } from '../src/app/ports/backfills.ts'
import { must, parsePartitionKey, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import { type BackfillPartitionRow, type BackfillRow, backfillPartitionsTable, backfillsTable } from './backfills.ts'
import type { ReadDb } from './projection.ts'
import { runsTable } from './run-tables.ts'

const activeMax = 1_000

export const backfillById = (db: ReadDb, tenant: string, backfillId: string): BackfillRow | undefined =>
  db.get<BackfillRow>(`select * from ${backfillsTable} where tenant = ? and backfill_id = ?`, tenant, backfillId)

/** Newest first. */
export const listBackfills = (db: ReadDb, tenant: string, limit: number, offset: number): BackfillRow[] =>
  db.all<BackfillRow>(
    `select * from ${backfillsTable} where tenant = ? order by requested_at desc, backfill_id limit ? offset ?`,
    tenant,
    limit,
    offset,
  )

export const partitionsOf = (db: ReadDb, tenant: string, backfillId: string): BackfillPartitionRow[] =>
  db.all<BackfillPartitionRow>(
    `select ordinal, partition, run_id, status from ${backfillPartitionsTable} where tenant = ? and backfill_id = ?
     order by ordinal`,
    tenant,
    backfillId,
  )

/** How many partitions are in which state. */
export const countsOf = (db: ReadDb, tenant: string, backfillId: string): Record<string, number> =>
  Object.fromEntries(
    db
      .all<{ status: string; count: number }>(
        `select status, count(*) count from ${backfillPartitionsTable} where tenant = ? and backfill_id = ?
         group by status`,
        tenant,
        backfillId,
      )
      .map(({ status, count }) => [status, count]),
  )

/** Partitions that some run has succeeded for, in an environment. */
export const succeededPartitions = (db: ReadDb, tenant: string, pipeline: string, environment: string): Set<string> =>
  new Set(
    db
      .all<{ partition: string }>(
        `select distinct partition from ${runsTable} where tenant = ? and pipeline = ? and status = 'succeeded'
           and environment = ? and partition is not null`,
        tenant,
        pipeline,
        environment,
      )
      .map(({ partition }) => partition),
  )

/** What a run took and cost on average, of the newest that have succeeded; `usd` is null where none tells its cost. */
export const usualRun = (
  db: ReadDb,
  tenant: string,
  pipeline: string,
  runsMax: number,
): { runs: number; ms: number | null; usd: number | null } =>
  db.get(
    `select count(*) runs, avg((julianday(ended_at) - julianday(started_at)) * 86400000) ms, avg(cost_usd) usd from (
       select started_at, ended_at, cost_usd from ${runsTable} where tenant = ? and pipeline = ? and status = 'succeeded'
         and started_at is not null order by requested_at desc limit ?)`,
    tenant,
    pipeline,
    runsMax,
  ) ?? { runs: 0, ms: null, usd: null }

const underWay = ['queued', 'running']

/** What is to be done about backfills, as the views know it. */
export const backfillWork = (db: ReadDb): BackfillWork => ({
  active: () =>
    db
      .all<BackfillRow>(`select * from ${backfillsTable} where status in ('running', 'canceling') limit ?`, activeMax)
      .map((row) => ({
        tenant: must(parseTenantId(row.tenant), 'tenant'),
        backfillId: row.backfill_id,
        cause: { correlationId: row.correlation_id, causationId: row.event_id },
      })),
  progress: ({ tenant, backfillId }: ActiveBackfill, countMax) => {
    const rowsOf = (status: string, limit: number) =>
      db.all<BackfillPartitionRow>(
        `select ordinal, partition, run_id, status from ${backfillPartitionsTable}
         where tenant = ? and backfill_id = ? and status = ? order by ordinal limit ?`,
        tenant,
        backfillId,
        status,
        limit,
      )
    const counts = countsOf(db, tenant, backfillId)
    const { succeeded = 0, failed = 0, canceled = 0, rejected = 0 } = counts
    const runs = underWay.flatMap((status) => rowsOf(status, Number.MAX_SAFE_INTEGER))
    return {
      waiting: rowsOf('waiting', countMax).map(({ partition }) => must(parsePartitionKey(partition), 'partition key')),
      underWay: runs.map(({ run_id }) => must(parseRunId(run_id ?? ''), 'run id')),
      outcomes: { succeeded, failed, canceled, rejected },
    }
  },
})
