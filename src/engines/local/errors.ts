import { sep } from 'node:path'
import { StageError } from '../../app/ports/engine.ts'

const messageCharsMax = 400

/** What the same input would meet again. */
export const failed = (message: string): StageError => new StageError('STAGE_FAILED', message, false)

export const canceled = (): StageError => new StageError('CANCELED', 'The run was canceled', false)

export const checkSignal = (signal: AbortSignal): void => {
  if (signal.aborted) throw canceled()
}

/** A StageError says whose it is. */
export const named = (name: string, error: unknown): unknown =>
  error instanceof StageError ? new StageError(error.code, `${name}: ${error.message}`, error.retryable) : error

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** Nothing is at the path, or a part of it is a file. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)))

export const isTaken = (error: unknown): boolean => codeOf(error) === 'EEXIST'

/**
 * Any failure in words for the user: DuckDB's first sentence without the excerpt of the SQL, and paths relative to
 * `folders` (absolute), so that no message tells how this machine is laid out. I/O may go well the next time; wrong
 * SQL and wrong data will not.
 */
export const toStageError = (error: unknown, folders: readonly string[]): StageError => {
  if (error instanceof StageError) return error
  const message = error instanceof Error ? error.message : String(error)
  const retryable = (error instanceof Error && 'syscall' in error) || message.startsWith('IO Error')
  return new StageError('STAGE_FAILED', shortened(withoutFolders(message, folders)), retryable)
}

const withoutFolders = (message: string, folders: readonly string[]): string =>
  folders.reduce((text, folder) => text.replaceAll(`${folder}${sep}`, '').replaceAll(folder, '.'), message)

const shortened = (message: string): string => {
  const lines = message.split('\n')
  const end = lines.findIndex((line) => line.trim() === '' || line.startsWith('LINE '))
  const text = lines
    .slice(0, end < 1 ? lines.length : end)
    .join(' ')
    .trim()
  return text.length > messageCharsMax ? `${text.slice(0, messageCharsMax)}…` : text
}
