import type { Log } from '../../src/app/ports/follower.ts'

/** Keeps what was said, as `level: message`. */
export class SilentLog implements Log {
  readonly lines: string[] = []
  debug = (message: string): void => this.keep('debug', message)
  info = (message: string): void => this.keep('info', message)
  warn = (message: string): void => this.keep('warn', message)
  error = (message: string): void => this.keep('error', message)

  private keep(level: string, message: string): void {
    this.lines.push(`${level}: ${message}`)
  }
}
