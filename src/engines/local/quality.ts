import { copyFile } from 'node:fs/promises'
import { StageError, type StageResult } from '../../app/ports/engine.ts'
import { isRejecting, type QualityCheck, type RowCheck } from '../../domain/pipeline/manifest.ts'
import { rejectedFile } from '../../domain/pipeline/relative-path.ts'
import type { RejectedRows, StagedFile } from '../../domain/run/events.ts'
import { checkSignal, named } from './errors.ts'
import { identifier } from './sql.ts'
import { rejectedWorkFile, stageFile } from './staging.ts'
import type { Tables } from './tables.ts'
import { tellCheck } from './telling.ts'
import { insideTenant, type Workspace } from './workspace.ts'

const sqlCharsShown = 100

type ChecksResult = Pick<StageResult, 'output' | 'bytesRead' | 'bytesWritten' | 'files' | 'rejected'>

/** Of one check. A fault fails the run. */
interface Found {
  /** Of the table. */
  rows: number
  bytesRead: number
  fault: string | null
  rejected?: RejectedRows
}

/**
 * Runs every check, then rejects with QUALITY_CHECK_FAILED when one or more found fault, naming each with its find. Rows
 * that checks have turned away are staged, a file per check.
 */
export const runChecks = async (
  checks: readonly QualityCheck[],
  workspace: Workspace,
  tables: Tables,
  signal: AbortSignal,
): Promise<ChecksResult> => {
  // First, since every other check sees the tables without those rows.
  const rejections = new Map<string, Found>()
  for (const check of checks.filter(isRejecting))
    rejections.set(check.name, await rejectedBy(check, workspace, tables, signal))
  const found: Found[] = []
  for (const check of checks) {
    const each = rejections.get(check.name) ?? (await look(check, tables, signal))
    tellCheck(workspace, check, each)
    found.push(each)
  }
  const faults = found.flatMap(({ fault }, index) => (fault === null ? [] : [`${checks[index]?.name}: ${fault}`]))
  if (faults.length > 0) throw new StageError('QUALITY_CHECK_FAILED', faults.join('; '), false)
  const rejected = found.flatMap((each) => each.rejected ?? [])
  const files = await stageRejected(rejected, workspace, signal)
  const counts = Object.fromEntries(rejected.map(({ check, rows }) => [check, rows]))
  return {
    output: {
      checks: checks.length,
      passed: checks.length - rejected.length,
      ...(rejected.length > 0 ? { rejected: counts } : {}),
    },
    bytesRead: found.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    bytesWritten: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files,
    ...(rejected.length > 0 ? { rejected } : {}),
  }
}

const rejectedBy = async (check: RowCheck, { job }: Workspace, tables: Tables, signal: AbortSignal): Promise<Found> => {
  const { rows, rejected, bytesRead } = await tables.verdict(check, signal)
  const reason = faultOf(check, rows, rejected)
  if (reason === null) return { rows, bytesRead, fault: null }
  const share = check.max_rejected_share
  if (share !== undefined && rejected / rows > share)
    return { rows, bytesRead, fault: `${reason}, a share of at most ${share} may be rejected` }
  const file = rejectedFile(job.manifest.name, job.runId, check.name)
  return {
    rows,
    bytesRead,
    fault: null,
    rejected: { check: check.name, table: check.on, reason, rows: rejected, file },
  }
}

const stageRejected = async (
  rejected: readonly RejectedRows[],
  workspace: Workspace,
  signal: AbortSignal,
): Promise<StagedFile[]> => {
  const files: StagedFile[] = []
  for (const { check, file } of rejected) {
    checkSignal(signal)
    await insideTenant(workspace.root, file)
    files.push(await stageFile(workspace, file, (path) => copyFile(rejectedWorkFile(workspace, check), path)))
  }
  return files
}

const look = async (check: QualityCheck, tables: Tables, signal: AbortSignal): Promise<Found> => {
  const { result, bytesRead } = await tables.query(countsOf(check), signal).catch((error: unknown) => {
    throw named(check.name, error)
  })
  const [rows = 0, failing = 0] = (await result.getRows())[0]?.map(Number) ?? []
  return { rows, bytesRead, fault: faultOf(check, rows, failing) }
}

/** A query for two numbers: the rows of the table and those that fail. */
const countsOf = (check: QualityCheck): string => {
  const table = identifier(check.on)
  switch (check.type) {
    case 'row_count':
      return `SELECT count(*), 0 FROM ${table}`
    case 'not_null':
      return `SELECT count(*), count(*) - count(${identifier(check.column)}) FROM ${table}`
    case 'unique': {
      const column = identifier(check.column)
      return `SELECT count(*), count(${column}) - count(DISTINCT ${column}) FROM ${table}`
    }
    case 'expression':
      // Unknown is not true: a row whose expression is NULL fails.
      return `SELECT count(*), count(*) FILTER (WHERE NOT holds) FROM (SELECT (${check.sql}\n) IS TRUE AS holds FROM ${table})`
  }
}

const faultOf = (check: QualityCheck, rows: number, failing: number): string | null => {
  if (check.type === 'row_count') {
    const { min, max, on } = check
    if (rows >= (min ?? 0) && rows <= (max ?? Number.POSITIVE_INFINITY)) return null
    const asked = [min === null ? '' : `at least ${min}`, max === null ? '' : `at most ${max}`].filter(Boolean)
    return `${rows} rows in ${on}, ${asked.join(' and ')} asked`
  }
  if (failing === 0) return null
  const found = `${failing} of ${rows} rows`
  if (check.type === 'not_null') return `${found} have no ${check.column}`
  return check.type === 'unique'
    ? `${found} repeat an earlier ${check.column}`
    : `${found} fail ${check.sql.slice(0, sqlCharsShown)}`
}
