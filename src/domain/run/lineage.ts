export interface Dataset {
  namespace: string
  name: string
}

/** How a value comes into a column, in the words of OpenLineage's columnLineage facet. */
export const directInfluences = ['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'] as const
/** How a value decides what is in a column, or which rows there are, without coming into it. */
export const indirectInfluences = ['JOIN', 'GROUP_BY', 'FILTER', 'SORT', 'WINDOW', 'CONDITIONAL'] as const
export const influences = [...directInfluences, ...indirectInfluences] as const
export type Influence = (typeof influences)[number]

export const isDirect = (influence: Influence): boolean => directInfluences.some((direct) => direct === influence)

/** A column of a dataset that was read, and each way in which it has its influence, in the order above. */
export interface ColumnInput extends Dataset {
  column: string
  influences: Influence[]
}

interface OutputColumn {
  name: string
  inputs: ColumnInput[]
  /** Missing where `inputs` are all there are. */
  unknown?: true
}

/** Where the columns of an output come from. `rows` decides which rows there are, so every column depends on it too. */
export interface ColumnLineage {
  output: Dataset
  columns: OutputColumn[]
  rows: ColumnInput[]
  /** That it was too much to be kept: `columns` and `rows` are empty. Missing where it was not. */
  leftOut?: true
}

/** Which datasets a stage read and wrote. `columns` is missing where an engine tells nothing of columns. */
export interface Lineage {
  inputs: Dataset[]
  outputs: Dataset[]
  columns?: ColumnLineage[]
}
