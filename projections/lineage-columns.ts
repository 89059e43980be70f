import { type ColumnInput, type Dataset, type Influence, influences, isDirect } from '../src/domain/run/lineage.ts'
import { type LineageEdgeRow, lineageEdgesTable, lineageShapesTable, type Shape } from './lineage.ts'
import { edgesAt, type Way } from './lineage-queries.ts'
import type { ReadDb } from './projection.ts'

export interface DatasetColumn extends Dataset {
  column: string
}

/**
 * A hop from a column of an input to one of an output. A column is null where nobody knows which it is: then the hop
 * says no more than that there is a way between the datasets, and it is not followed.
 */
export interface ColumnHop extends LineageEdgeRow {
  input_column: string | null
  output_column: string | null
  influences: Influence[]
  depth: number
  way: Way
}

export interface ColumnSearch {
  from: readonly DatasetColumn[]
  way: Way
  depthMax: number
  countMax: number
  /** Only what comes into a column itself, not what decides on it. */
  isDirectOnly: boolean
}

/** Names are one in any case, as in DuckDB. */
const columnKey = ({ namespace, name, column }: DatasetColumn): string =>
  JSON.stringify([namespace, name, column.toLowerCase()])

export type ShapeReader = (shape: string | null | undefined) => Shape | undefined

/** Reads shapes of a tenant, each once. */
export const shapeReader = (db: ReadDb, tenant: string): ShapeReader => {
  const read = new Map<string, Shape | undefined>()
  return (shape) => {
    if (shape == null) return undefined
    if (!read.has(shape)) {
      const sql = `select columns from ${lineageShapesTable} where tenant = ? and shape = ?`
      const row = db.get<{ columns: string }>(sql, tenant, shape)
      read.set(shape, row && JSON.parse(row.columns))
    }
    return read.get(shape)
  }
}

type Link = Pick<ColumnHop, 'input_column' | 'output_column' | 'influences'>

const isKnown = (shape: Shape | undefined): shape is Shape => shape !== undefined && shape.leftOut !== true
const isName = (name: string) => (other: { name: string }) => other.name.toLowerCase() === name.toLowerCase()

const inputOf = (edge: LineageEdgeRow): Dataset => ({ namespace: edge.input_namespace, name: edge.input_name })
const isOf = (dataset: Dataset) => (input: ColumnInput) =>
  input.namespace === dataset.namespace && input.name === dataset.name

/** What of the edge's input the output's column comes from, all its rows do too. */
const linksUp = (edge: LineageEdgeRow, column: string, shape: Shape | undefined): Link[] => {
  const unknown: Link = { input_column: null, output_column: column, influences: [] }
  if (!isKnown(shape)) return edge.input_name === '' ? [] : [unknown]
  const found = shape.columns.find(isName(column))
  if (found === undefined) return []
  const inputs = merged([...found.inputs, ...shape.rows].filter(isOf(inputOf(edge))))
  const links = inputs.map(({ column: input, influences }): Link => {
    return { input_column: input, output_column: found.name, influences }
  })
  return found.unknown === true ? [...links, unknown] : links
}

/** What of the edge's output comes from the input's column. */
const linksDown = (edge: LineageEdgeRow, column: string, shape: Shape | undefined): Link[] => {
  if (!isKnown(shape))
    return edge.output_name === '' ? [] : [{ input_column: column, output_column: null, influences: [] }]
  const isIt = (input: ColumnInput) => isOf(inputOf(edge))(input) && input.column.toLowerCase() === column.toLowerCase()
  const rows = shape.rows.filter(isIt)
  return shape.columns.flatMap(({ name, inputs, unknown }): Link[] => {
    const [input] = merged([...inputs.filter(isIt), ...rows])
    if (input) return [{ input_column: input.column, output_column: name, influences: input.influences }]
    return unknown === true ? [{ input_column: null, output_column: name, influences: [] }] : []
  })
}

/** Each column once, with all its influences. */
const merged = (inputs: readonly ColumnInput[]): ColumnInput[] => {
  const found = new Map<string, ColumnInput>()
  for (const input of inputs) {
    const before = found.get(input.column)?.influences ?? []
    const all = influences.filter((each) => before.includes(each) || input.influences.includes(each))
    found.set(input.column, { ...input, influences: all })
  }
  return [...found.values()]
}

const directOf = (link: Link): Link[] => {
  const direct = link.influences.filter(isDirect)
  return direct.length === 0 && link.influences.length > 0 ? [] : [{ ...link, influences: direct }]
}

/** Breadth first, as the search by datasets is. `isCut` says that there are more than `countMax` hops. */
export const columnHopsFrom = (
  db: ReadDb,
  tenant: string,
  search: ColumnSearch,
): { hops: ColumnHop[]; isCut: boolean } => {
  const { from, way, depthMax, countMax, isDirectOnly } = search
  const shapeOf = shapeReader(db, tenant)
  const seen = new Set(from.map(columnKey))
  const hops: ColumnHop[] = []
  let frontier = [...from]
  for (let depth = 1; depth <= depthMax && frontier.length > 0; depth += 1) {
    const next: DatasetColumn[] = []
    for (const at of frontier) {
      const edges = edgesAt(db, tenant, way, at, countMax + 1)
      for (const edge of edges) {
        const links = (way === 'upstream' ? linksUp : linksDown)(edge, at.column, shapeOf(edge.shape))
        for (const link of isDirectOnly ? links.flatMap(directOf) : links) {
          const reached = reachedBy(edge, link, way)
          // What is not known of a dataset is not known of each of its columns: it is told once.
          const key = reached === null ? unknownKey(edge, link) : columnKey(reached)
          const isNew = !seen.has(key)
          seen.add(key)
          if (reached === null && !isNew) continue
          if (hops.length === countMax) return { hops, isCut: true }
          hops.push({ ...edge, ...link, depth, way })
          if (reached !== null && isNew) next.push(reached)
        }
      }
      if (edges.length > countMax) return { hops, isCut: true }
    }
    frontier = next
  }
  return { hops, isCut: false }
}

const unknownKey = (edge: LineageEdgeRow, { input_column, output_column }: Link): string =>
  JSON.stringify([
    edge.pipeline_id,
    edge.stage,
    inputOf(edge),
    edge.output_namespace,
    edge.output_name,
    input_column,
    output_column,
  ])

const reachedBy = (edge: LineageEdgeRow, link: Link, way: Way): DatasetColumn | null => {
  const { input_column: input, output_column: output } = link
  if (input === null || output === null) return null
  return way === 'upstream'
    ? { ...inputOf(edge), column: input }
    : { namespace: edge.output_namespace, name: edge.output_name, column: output }
}

/** The column as it is called there; null where no run that succeeded has said anything of such a column. */
export const knownColumn = (db: ReadDb, tenant: string, dataset: Dataset, column: string): string | null => {
  const shapesAt = (side: 'input' | 'output') =>
    db.all<{ shape: string }>(
      `select distinct shape from ${lineageEdgesTable}
       where tenant = ? and ${side}_namespace = ? and ${side}_name = ? and shape is not null`,
      tenant,
      dataset.namespace,
      dataset.name,
    )
  const shapeOf = shapeReader(db, tenant)
  for (const { shape } of shapesAt('output')) {
    const found = shapeOf(shape)?.columns.find(isName(column))
    if (found) return found.name
  }
  for (const { shape } of shapesAt('input')) {
    const { columns = [], rows = [] } = shapeOf(shape) ?? {}
    const inputs = [...columns.flatMap((each) => each.inputs), ...rows].filter(isOf(dataset))
    const found = inputs.find((each) => isName(column)({ name: each.column }))
    if (found) return found.column
  }
  return null
}
