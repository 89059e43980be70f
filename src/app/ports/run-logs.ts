import type { LogFields, LogLevel } from '../../domain/run-log/events.ts'

/**
 * Takes a line for whoever looks into the run; `code` is the type of the error that it tells of. Never throws, and
 * never waits.
 */
export type SayInLog = (level: LogLevel, message: string, fields?: LogFields, code?: string) => void
