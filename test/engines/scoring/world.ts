import { StageError } from '../../../src/app/ports/engine.ts'
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts'
import type { ScoringStep } from '../../../src/domain/pipeline/manifest.ts'
import { steps } from '../../../src/engines/local/scoring/steps.ts'
import type { Row, StepContext, StepResult } from '../../../src/engines/local/step.ts'

export const requestedAt = '2024-01-15T10:30:45.000Z'

/** One tenant's files in memory; batch and time of request make a run. Tables come back with their rows in another order, as a file may do. */
export const newWorld = () => {
  const tables = new Map<string, Row[]>()
  const documents = new Map<string, string>()
  const holders = new Map<string, string>()
  const contextOf = (batch: string, parameters: JsonObject = {}, at = requestedAt): StepContext => ({
    batch,
    parameters,
    requestedAt: at,
    readTable: async (path) => tables.get(path)?.toReversed() ?? null,
    readDocument: async (path) => JSON.parse(documents.get(path) ?? 'null') as JsonValue,
    reserve: async (path) => {
      const run = `${batch} ${at}`
      if (!holders.has(path) && !documents.has(path)) holders.set(path, run)
      return holders.get(path) === run
    },
  })
  /** Runs a step and keeps what it writes, as the engine does in the run's staging folder. */
  const run = async (
    step: ScoringStep,
    batch = 'BATCH_001',
    parameters: JsonObject = {},
    at = requestedAt,
  ): Promise<StepResult> => {
    const result = await steps[step](contextOf(batch, parameters, at))
    for (const { path, rows } of result.tables) tables.set(path, rows)
    for (const { path, json } of result.documents) documents.set(path, JSON.stringify(json))
    return result
  }
  const table = (path: string): Row[] => {
    const rows = tables.get(path)
    if (rows === undefined) throw new Error(`no table ${path}`)
    return rows
  }
  const document = (path: string): JsonObject => {
    const text = documents.get(path)
    if (text === undefined) throw new Error(`no document ${path}`)
    return JSON.parse(text) as JsonObject
  }
  return { tables, documents, contextOf, run, table, document }
}

export const pathOf = (file: string, batch = 'BATCH_001'): string => `scoring/batches/${batch}/${file}`

/** The message of a step's failure, which must be a StageError that no retry would help. */
export const failureOf = async (running: Promise<unknown>): Promise<string> => {
  const error = await running.then(
    () => new Error('the step succeeded'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof StageError)) throw error
  if (error.code !== 'STAGE_FAILED' || error.retryable) throw new Error(`code ${error.code}, retryable`)
  return error.message
}
