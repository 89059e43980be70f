import type { RunId } from '../ids.ts'

/** From the least to the most serious. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a line says for programs; flat, so that a line stays a line. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>

export interface LogLine {
  /** ISO time with milliseconds, by the worker's clock. */
  at: string
  level: LogLevel
  /** Null for what is of no stage. */
  stage: string | null
  /** The type of the error that the line tells of: a stage's code or a rejection's; null where it tells of none. */
  code: string | null
  message: string
  fields?: LogFields
}

/** Lines of one attempt, in their order. */
interface RunLogged {
  runId: RunId
  attempt: number
  /** How many lines the run had before. */
  before: number
  lines: readonly LogLine[]
  /** Whether the attempt says no more. */
  isEnd: boolean
}

export type RunLogEvent = { type: 'RunLogged'; data: RunLogged }
