import { StageError } from '../../../app/ports/engine.ts'
import { parsePartitionKey } from '../../../domain/ids.ts'
import type { JsonObject, JsonValue } from '../../../domain/json.ts'
import type { Row, StepContext, StepResult } from '../step.ts'

/** One step's reading and writing, kept so that its result names them all; steps share their parts through it. */
export interface Work {
  readonly context: StepContext
  readonly paths: ReturnType<typeof batchPaths>
  readTable(path: string): Promise<Row[] | null>
  readDocument(path: string): Promise<JsonValue | null>
  writeTable(path: string, rows: Row[]): void
  writeDocument(path: string, json: JsonValue): void
  result(output: JsonObject): StepResult
}

/** What the same input would meet again, so no retry. */
export const failure = (message: string): StageError => new StageError('STAGE_FAILED', message, false)

export const beginWork = (context: StepContext): Work => {
  const reads: string[] = []
  const tables: StepResult['tables'] = []
  const documents: StepResult['documents'] = []
  const noted = <T>(path: string, found: T | null): T | null => {
    if (found !== null && !reads.includes(path)) reads.push(path)
    return found
  }
  return {
    context,
    paths: batchPaths(context.batch),
    readTable: async (path) => noted(path, await context.readTable(path)),
    readDocument: async (path) => noted(path, await context.readDocument(path)),
    writeTable: (path, rows) => void tables.push({ path, rows }),
    writeDocument: (path, json) => void documents.push({ path, json }),
    result: (output) => ({ output, tables, documents, reads }),
  }
}

/** Where a batch's files are, relative to the tenant's directory. The id is checked because it becomes a folder. */
const batchPaths = (batch: string) => {
  if (parsePartitionKey(batch) === undefined) throw failure(`'${batch}' is not a batch id`)
  const folder = `scoring/batches/${batch}`
  return {
    parties: `${folder}/parties.parquet`,
    transactions: `${folder}/transactions.parquet`,
    features: `${folder}/features.parquet`,
    featuresNote: `${folder}/features.json`,
    scores: `${folder}/scores.parquet`,
    labels: `${folder}/labels.parquet`,
    model: `scoring/models/model_${batch}.json`,
  }
}

export const textAt = (row: Row, column: string, path: string): string => {
  const value = row[column]
  if (typeof value === 'string') return value
  throw failure(`${path}: column '${column}' must hold text`)
}

export const numberAt = (row: Row, column: string, path: string): number => {
  const value = row[column]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw failure(`${path}: column '${column}' must hold numbers`)
}
