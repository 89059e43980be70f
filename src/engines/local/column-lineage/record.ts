import type { ColumnInput, ColumnLineage, Dataset } from '../../../domain/run/lineage.ts'
import { influencesOf, type Origins } from './origins.ts'
import type { Traced } from './trace.ts'

/** Of one output, as JSON: it is kept in an event. */
const lineageCharsMax = 262_144

/** As an event keeps it; too much of it is left out. `dataset`: that of a path. */
export const recorded = (
  output: Dataset,
  { columns, rows }: Traced,
  dataset: (path: string) => Dataset,
): ColumnLineage => {
  const all: ColumnLineage = {
    output,
    columns: columns.map(({ name, origins }) => ({
      name,
      inputs: inputsOf(origins, dataset),
      ...(origins.isUnknown || rows.isUnknown ? { unknown: true } : {}),
    })),
    rows: inputsOf(rows, dataset),
  }
  return JSON.stringify(all).length > lineageCharsMax ? { output, columns: [], rows: [], leftOut: true } : all
}

const inputsOf = ({ inputs }: Origins, dataset: (path: string) => Dataset): ColumnInput[] =>
  [...inputs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, bits]) => {
      const [path = '', column = ''] = JSON.parse(key) as string[]
      return { ...dataset(path), column, influences: influencesOf(bits) }
    })
