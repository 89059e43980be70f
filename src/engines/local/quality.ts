import { StageError } from '../../app/ports/engine.ts'
import type { QualityCheck } from '../../domain/pipeline/manifest.ts'
import { identifier } from './sql.ts'
import type { Tables } from './tables.ts'

const sqlCharsShown = 100

interface ChecksResult {
  checks: number
  bytesRead: number
}

/** Runs every check, then rejects with QUALITY_CHECK_FAILED when one or more found fault, naming each with its find. */
export const runChecks = async (
  checks: readonly QualityCheck[],
  tables: Tables,
  signal: AbortSignal,
): Promise<ChecksResult> => {
  const faults: string[] = []
  let bytesRead = 0
  for (const check of checks) {
    const { result, bytesRead: bytes } = await tables.query(countsOf(check), signal).catch((error: unknown) => {
      throw named(check.name, error)
    })
    bytesRead += bytes
    const [rows = 0, failing = 0] = (await result.getRows())[0]?.map(Number) ?? []
    const fault = faultOf(check, rows, failing)
    if (fault !== null) faults.push(`${check.name}: ${fault}`)
  }
  if (faults.length > 0) throw new StageError('QUALITY_CHECK_FAILED', faults.join('; '), false)
  return { checks: checks.length, bytesRead }
}

const named = (name: string, error: unknown): unknown =>
  error instanceof StageError ? new StageError(error.code, `${name}: ${error.message}`, error.retryable) : error

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
