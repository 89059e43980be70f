/** Mean and standard deviation of each column. A constant column gets 1, so that dividing by it changes nothing. */
export const columnScales = (rows: readonly number[][]): { mean: number; sd: number }[] =>
  (rows[0] ?? []).map((_, column) => {
    const values = rows.map((row) => row[column] ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    return { mean, sd: variance > 1e-18 ? Math.sqrt(variance) : 1 }
  })

export const standardised = (rows: readonly number[][], scales: readonly { mean: number; sd: number }[]): number[][] =>
  rows.map((row) => row.map((value, column) => (value - (scales[column]?.mean ?? 0)) / (scales[column]?.sd ?? 1)))
