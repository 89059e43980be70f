import type { Log } from '../app/ports/follower.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

/** JSON lines on stdout, from a level on. */
export const createLog = (lowest: Level, write: (line: string) => void = (line) => process.stdout.write(line)): Log => {
  const at =
    (level: Level) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(lowest)) return
      write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
