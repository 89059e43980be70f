import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SinkContract, StageError } from '../../app/ports/engine.ts'
import { columnsOf } from './columns.ts'
import { checkSignal } from './errors.ts'
import type { RowRule } from './row-rules.ts'
import { freeName, identifier } from './sql.ts'
import type { Tables } from './tables.ts'

/** Between two turns of the event loop: some milliseconds of work. */
const valuesPerTurn = 16_384

interface Broken {
  rows: number
  broken: number
  /** Counted from 1, in the order of the sink. */
  first: { row: number; fault: string } | null
}

/**
 * Checks every row of a sink's table against its contract, chunk by chunk. Rejects with CONTRACT_VIOLATED when one or
 * more break it. A row is taken as the JSON that DuckDB writes.
 */
export const checkContract = async (
  { sink, ref, schema }: SinkContract,
  from: string,
  tables: Tables,
  signal: AbortSignal,
): Promise<void> => {
  // Most sinks have no contract: what checks them is loaded for those that do.
  const { rowRules } = await import('./row-rules.ts')
  const { fault, turn } = rowRules(schema)
  const columns = (await columnsOf(from, tables, signal)).map(({ name }) => name)
  const row = identifier(freeName('row', columns))
  const sql = `SELECT CAST(to_json(${row}) AS VARCHAR) FROM ${identifier(from)} AS ${row}`
  const rowsPerTurn = Math.max(1, Math.floor(valuesPerTurn / Math.max(1, columns.length)))
  const seen: Broken = { rows: 0, broken: 0, first: null }
  await tables.stream(sql, signal, async (rows) => {
    for (let start = 0; start < rows.length; start += rowsPerTurn) {
      checkSignal(signal)
      turn(() => look(rows.slice(start, start + rowsPerTurn), fault, seen))
      await nextTurn()
    }
  })
  if (seen.first === null) return
  const found = `${seen.broken} of ${seen.rows} rows of the sink '${sink}' break the contract ${ref}`
  throw new StageError('CONTRACT_VIOLATED', `${found}; the first is row ${seen.first.row}: ${seen.first.fault}`, false)
}

const look = (rows: readonly unknown[], fault: RowRule, seen: Broken): void => {
  for (const row of rows) {
    seen.rows += 1
    const found = fault(String(row))
    if (found === null) continue
    seen.broken += 1
    seen.first ??= { row: seen.rows, fault: found }
  }
}
