import type { JsonObject } from '../../domain/json.ts'
import type { ParameterSpec } from '../../domain/pipeline/manifest.ts'

export const findingRules = [
  'yaml',
  'structure',
  'reference',
  'cycle',
  'sql-syntax',
  'sql-table',
  'sql-column',
  'sql-parameter',
  'sql',
  'contract',
] as const

/** What is wrong with a manifest, and where: `transformations[1].sql`; the whole of it is ''. */
export interface Finding {
  path: string
  rule: (typeof findingRules)[number]
  severity: 'error' | 'warning'
  message: string
}

/** A column of a table; its type as the engine writes it, null where nobody knows. */
export interface KnownColumn {
  name: string
  type: string | null
}

/** Why an engine refuses a query: no SELECT of its grammar, a column that is not there, or anything else. */
export type Refused = { refused: string; because: 'syntax' | 'column' | 'other' }

/** Reads queries without running them. */
export interface SqlReader {
  /** The tables and parameters that one SELECT names. */
  read(sql: string): Promise<{ tables: string[]; parameters: string[] } | Refused>
  /** Makes a table known to `describe` by its columns, in place of one of the same name. */
  define(table: string, columns: readonly KnownColumn[]): Promise<void>
  /** The columns of a query over tables that were defined. Types are sure only where those of all tables are. */
  describe(
    sql: string,
    parameters: Readonly<Record<string, ParameterSpec['type']>>,
  ): Promise<{ columns: { name: string; type: string }[] } | Refused>
  close(): Promise<void>
}

/** A version of a contract as it was registered; undefined where there is none. */
export type FindContract = (name: string, version: string) => Promise<JsonObject | undefined>
