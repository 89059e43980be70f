import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { asDamage, checkFiles, checkSchema, DamagedLedger } from './checks.ts'
import { isCorruption } from './events.ts'
import { ledgerFile } from './schema.ts'
import { asBlob, asInteger, blob, type Connection, connect } from './sql.ts'
import { Types } from './types.ts'
import { Verifier } from './verify.ts'

const recordsPerSlice = 256

export interface CheckReport {
  readonly records: number
  /** Sentences about the files and their structure. */
  readonly problems: readonly string[]
  /** Positions of damaged records. */
  readonly damaged: readonly number[]
}

/** Scans a whole ledger: files, SQLite's structure and indexes, the order of every stream, every record. */
export const checkAll = (directory: string): CheckReport => {
  const file = join(directory, ledgerFile)
  if (!existsSync(file)) throw new Error(`There is no ledger in ${directory}.`)
  try {
    checkFiles(file)
    const connection = connect(file)
    checkSchema(file, connection)
    return scanAll(connection)
  } catch (error) {
    const damage = asDamage(file, error)
    if (damage instanceof DamagedLedger) return { records: 0, problems: [damage.message], damaged: [] }
    throw error
  }
}

const scanAll = (connection: Connection): CheckReport => {
  const report = { problems: [...structure(connection), ...holes(connection)], ...scan(connection) }
  // Closing may fold the log into the file, which nobody wants of a damaged one.
  if (report.problems.length + report.damaged.length === 0) connection.close()
  return report
}

/** Runs a query that damage may keep from ending. */
const attempt = (what: string, query: () => string[]): string[] => {
  try {
    return query()
  } catch (error) {
    if (isCorruption(error)) return [`${what} cannot be read.`]
    throw error
  }
}

const structure = (connection: Connection): string[] =>
  attempt("SQLite's structure", () =>
    connection
      .prepare(`SELECT ${asBlob('integrity_check')} FROM pragma_integrity_check`)
      .all([])
      .map((row) => blob(row[0]).toString())
      .filter((result) => result !== 'ok')
      .map((result) => `SQLite reports: ${result}.`),
  )

const holes = (connection: Connection): string[] =>
  attempt('The order of streams', () =>
    connection
      .prepare(`SELECT ${asInteger('stream')} FROM events
           GROUP BY stream HAVING MAX(revision) - MIN(revision) + 1 <> COUNT(*)`)
      .all([])
      .map((row) => `The stream numbered ${String(row[0])} has a hole.`),
  )

const scan = (connection: Connection): { records: number; damaged: number[] } => {
  const verifier = new Verifier(connection, new Types(connection))
  const newest = Number(connection.prepare(`SELECT ${asInteger('MAX(position)')} FROM events`).get([])?.[0] ?? 0)
  const damaged: number[] = []
  let records = 0
  for (let cursor = 0; cursor < newest; ) {
    const slice = verifier.slice(cursor, recordsPerSlice)
    if (slice.checked === 0) break
    cursor = slice.cursor
    records += slice.checked
    damaged.push(...slice.damaged)
  }
  return { records, damaged }
}
