import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { JsonValue } from '../../domain/json.ts'
import type { RowCheck } from '../../domain/pipeline/manifest.ts'
import { isMissing, named } from './errors.ts'
import { writeDurably } from './files.ts'
import { type CopyFormat, freeName, identifier } from './sql.ts'
import { noteFolder, rejectedWorkFile } from './staging.ts'
import type { Workspace } from './workspace.ts'

/** Of one check: the rows that it looked at, and those of them that it turned away. */
export interface Verdict {
  rows: number
  rejected: number
}

/** A table of a run, as the checks of single rows see it that reject. */
export interface Rejecting {
  workspace: Workspace
  table: string
  checks: readonly RowCheck[]
  /** Has the table's name stand for a Parquet file. */
  view(path: string): Promise<unknown>
  columns(): Promise<string[]>
  /** Answers how many rows were written. */
  copy(sql: string, format: CopyFormat, path: string): Promise<number>
  count(sql: string): Promise<number>
}

/**
 * Takes the rows out of a Parquet file that the checks turn away, check after check: a row is told of once, by the first
 * that it fails. Each check's rows are kept beside the run's tables. Answers how many there were in all.
 */
export const rejectRows = async (rejecting: Rejecting, path: string): Promise<number> => {
  const verdicts: [string, Verdict][] = []
  for (const check of rejecting.checks) {
    await rejecting.view(path)
    const verdict = await judge(check, path, rejecting).catch((error: unknown) => {
      throw named(check.name, error)
    })
    verdicts.push([check.name, verdict])
  }
  await noteVerdicts(rejecting, verdicts)
  return verdicts.reduce((sum, [, { rejected }]) => sum + rejected, 0)
}

/** An expression is evaluated once, so that each row is on one side, also where it is not always the same. */
const judge = async (check: RowCheck, path: string, rejecting: Rejecting): Promise<Verdict> => {
  const { workspace, view, columns, copy, count } = rejecting
  const [judged, kept] = [`${path}.judged`, `${path}.kept`]
  const fails = freeName('fails', await columns())
  try {
    const rows = await copy(judgedBy(check, fails), 'parquet', judged)
    await view(judged)
    const table = identifier(check.on)
    const rejected = await count(`SELECT count(*) FILTER (WHERE ${fails}) FROM ${table}`)
    if (rejected === 0) return { rows, rejected }
    const file = rejectedWorkFile(workspace, check.name)
    const those = (where: string) => `SELECT * EXCLUDE (${fails}) FROM ${table} WHERE ${where}`
    const write = async (temporary: string) => void (await copy(those(fails), 'ndjson', temporary))
    await writeDurably(dirname(file), () => basename(file), write)
    await copy(those(`NOT ${fails}`), 'parquet', kept)
    await rename(kept, path)
    return { rows, rejected }
  } finally {
    await Promise.all([judged, kept].map((each) => rm(each, { force: true })))
  }
}

/** All rows in their order, with one column more that says whether the check turns them away. */
const judgedBy = (check: RowCheck, fails: string): string => {
  const table = identifier(check.on)
  switch (check.type) {
    case 'not_null':
      return `SELECT *, ${identifier(check.column)} IS NULL AS ${fails} FROM ${table}`
    case 'expression':
      // Unknown is not true: a row whose expression is NULL fails.
      return `SELECT *, NOT ((${check.sql}\n) IS TRUE) AS ${fails} FROM ${table}`
    case 'unique':
      // The first row is the first in the file; values that are missing do not repeat.
      return `SELECT * FROM ${table} POSITIONAL JOIN (
        SELECT value IS NOT NULL AND nth > 1 AS ${fails} FROM (
          SELECT value, row, row_number() OVER (PARTITION BY value ORDER BY row) AS nth FROM (
            SELECT ${identifier(check.column)} AS value, row_number() OVER () AS row FROM ${table}))
        ORDER BY row)`
  }
}

const noteFile = ({ root, run }: Workspace, table: string): string =>
  join(root, run, noteFolder, 'rejected', `${encodeURIComponent(table)}.json`)

const noteVerdicts = async ({ workspace, table }: Rejecting, verdicts: [string, Verdict][]): Promise<void> => {
  const file = noteFile(workspace, table)
  const note = JSON.stringify(Object.fromEntries(verdicts))
  await writeDurably(
    dirname(file),
    () => basename(file),
    (path) => writeFile(path, note),
  )
}

/** What the checks of a table have turned away, by check; null where nobody has noted that in this run. */
export const verdictsOf = async (workspace: Workspace, table: string): Promise<Map<string, Verdict> | null> => {
  const text = await readFile(noteFile(workspace, table), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (text === null) return null
  const note: JsonValue = JSON.parse(text)
  if (!isObject(note)) return null
  return new Map(
    Object.entries(note).map(([check, verdict]) => {
      const { rows = 0, rejected = 0 } = isObject(verdict) ? verdict : {}
      return [check, { rows: Number(rows), rejected: Number(rejected) }]
    }),
  )
}

const isObject = (value: JsonValue): value is Record<string, JsonValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
