import { type Random, shuffled } from './random.ts'
import { failure } from './work.ts'

interface Split {
  /** Row numbers, ascending. */
  train: number[]
  test: number[]
}

/** Keeps the share of each class in both parts, to within half a row; each part gets at least one row of each class. */
export const stratifiedSplit = (labels: readonly number[], testSize: number, random: Random): Split => {
  const split: Split = { train: [], test: [] }
  for (const kind of [0, 1]) {
    const rows = labels.flatMap((label, row) => (label === kind ? [row] : []))
    if (rows.length < 2)
      throw failure(`Training needs both classes: ${rows.length} of ${labels.length} labels are ${kind}`)
    const testRows = Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * testSize)))
    const order = shuffled(rows, random)
    split.test.push(...order.slice(0, testRows))
    split.train.push(...order.slice(testRows))
  }
  split.train.sort((a, b) => a - b)
  split.test.sort((a, b) => a - b)
  return split
}
