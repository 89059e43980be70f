import type { Finding, KnownColumn, Refused, SqlReader } from '../../app/ports/validation.ts'
import { isRejecting, type Manifest, type ParameterSpec, type QualityCheck } from '../../domain/pipeline/manifest.ts'
import { rejectingFindings } from './rejecting.ts'
import type { KnownTable, KnownTables } from './tables.ts'

interface Query {
  path: string
  sql: string
  /** The path of what the query itself makes, so that a step can be told from those after it. */
  step: number
}

/** What the checks of one manifest share. */
interface Checking {
  manifest: Manifest
  reader: SqlReader
  known: Map<string, KnownTable | null>
}

/** Reads the SQL of all steps and checks; `sources` is what contracts say of them. Answers what it learnt of tables. */
export const checkSql = async (
  manifest: Manifest,
  reader: SqlReader,
  sources: KnownTables,
): Promise<{ findings: Finding[]; tables: KnownTables }> => {
  const names = Object.keys(manifest.sources).map((name) => name.toLowerCase())
  const known = new Map(names.map((name) => [name, sources.get(name) ?? null]))
  const checking: Checking = { manifest, reader, known }
  for (const [name, table] of known) if (table) await reader.define(name, table.columns)
  const findings: Finding[] = []
  for (const [index, step] of manifest.transformations.entries()) {
    if (step.type !== 'sql') continue
    const query = { path: `transformations[${index}].sql`, sql: step.sql, step: index }
    const checked = await checkQuery(query, checking)
    findings.push(...checked.findings)
    const name = step.name.toLowerCase()
    // A name that is taken twice is told of elsewhere.
    if (known.has(name)) continue
    known.set(name, checked.table)
    if (checked.table) await reader.define(name, checked.table.columns)
  }
  for (const [index, check] of manifest.quality_checks.entries())
    findings.push(...(await checkOf(check, `quality_checks[${index}]`, checking)))
  return { findings, tables: known }
}

const isRefused = (answer: object): answer is Refused => 'refused' in answer

const error = (path: string, rule: Finding['rule'], message: string): Finding => ({
  path,
  rule,
  severity: 'error',
  message,
})

const checkQuery = async (
  query: Query,
  checking: Checking,
): Promise<{ findings: Finding[]; table: KnownTable | null }> => {
  const { path, sql } = query
  const read = await checking.reader.read(sql)
  if (isRefused(read))
    return { findings: [error(path, read.because === 'syntax' ? 'sql-syntax' : 'sql', read.refused)], table: null }
  const wrongTables = read.tables.flatMap((table) => tableFinding(table, query, checking))
  const parameters = parametersOf(read.parameters, path, checking.manifest)
  const findings = [...wrongTables, ...parameters.findings]
  if (findings.length > 0) return { findings, table: null }
  return bindTo(query, read.tables, parameters.types, checking)
}

const bindTo = async (
  { path, sql }: Query,
  names: readonly string[],
  parameters: Record<string, ParameterSpec['type']>,
  { reader, known }: Checking,
): Promise<{ findings: Finding[]; table: KnownTable | null }> => {
  const tables = names.map((name) => known.get(name.toLowerCase()) ?? null)
  const found = tables.filter((table) => table !== null)
  if (found.length < tables.length) return { findings: [], table: null }
  const isOpen = found.some((table) => table.isOpen)
  const isTyped = found.every((table) => table.columns.every(({ type }) => type !== null))
  const described = await reader.describe(sql, parameters)
  if (!isRefused(described)) {
    const columns = described.columns.map(({ name, type }): KnownColumn => ({ name, type: isTyped ? type : null }))
    return { findings: [], table: { columns, isOpen } }
  }
  const isMissing = described.because === 'column'
  // Without the types of its columns nobody can say more than which names a query takes.
  if (!isMissing && (!isTyped || isOpen)) return { findings: [], table: null }
  const severity = isMissing && isOpen ? 'warning' : 'error'
  const message = severity === 'error' ? described.refused : `${described.refused} No contract promises it.`
  return { findings: [{ path, rule: isMissing ? 'sql-column' : 'sql', severity, message }], table: null }
}

/** A query sees the sources and the steps that come before it. */
const tableFinding = (table: string, { path, step }: Query, { manifest, known }: Checking): Finding[] => {
  if (known.has(table.toLowerCase())) return []
  const at = manifest.transformations.findIndex(({ name }) => name.toLowerCase() === table.toLowerCase())
  const other = manifest.transformations[at]
  if (other === undefined || other.type !== 'sql') {
    const why =
      other === undefined ? 'is neither a source nor a step before' : `is a ${other.type} step, without a table`
    return [error(path, 'sql-table', `'${table}' ${why}; there is: ${[...known.keys()].join(', ') || 'none'}`)]
  }
  const reads = at === step ? 'itself' : `'${other.name}', which comes after it`
  return [error(path, 'cycle', `'${manifest.transformations[step]?.name ?? ''}' reads ${reads}`)]
}

const parametersOf = (names: readonly string[], path: string, { parameters }: Manifest) => {
  const types: Record<string, ParameterSpec['type']> = {}
  const findings: Finding[] = []
  for (const name of names) {
    const spec = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const type = ['partition', 'run_id'].includes(name) ? 'string' : spec?.type
    if (type === undefined) findings.push(error(path, 'sql-parameter', `$${name} is not a parameter of this pipeline`))
    else types[name] = type
  }
  return { types, findings }
}

const checkOf = async (check: QualityCheck, path: string, checking: Checking): Promise<Finding[]> => {
  const table = `"${check.on}"`
  const step = checking.manifest.transformations.length
  if (!checking.known.has(check.on.toLowerCase())) return []
  if (check.type === 'expression') {
    const query = { path: `${path}.sql`, sql: `SELECT (${check.sql}\n) FROM ${table}`, step }
    const { findings } = await checkQuery(query, checking)
    const read = isRejecting(check) ? await checking.reader.read(query.sql) : null
    if (!isRejecting(check) || read === null || isRefused(read)) return findings
    return [...findings, ...rejectingFindings(check, query.path, read.tables, checking.manifest)]
  }
  if (check.type === 'row_count') return []
  const sql = `SELECT "${check.column.replaceAll('"', '""')}" FROM ${table}`
  return (await checkQuery({ path: `${path}.column`, sql, step }, checking)).findings
}
