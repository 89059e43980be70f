import type { Aggregate } from '../app/aggregate.ts'
import { type CommandContext, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { noLongerThan } from '../app/no-longer-than.ts'
import type { Job } from '../app/ports/bus.ts'
import type { Log } from '../app/ports/follower.ts'
import { Rejection } from '../domain/codes.ts'
import type { LogLines, RunLog } from '../domain/run-log/decide.ts'
import type { LogLine, RunLogEvent } from '../domain/run-log/events.ts'
import { lineOf } from '../domain/run-log/line.ts'

export interface RunLogDeps {
  commands: Pick<CommandHandler, 'handle'>
  /** With how long lines are kept. */
  runLogs: Aggregate<RunLog, LogLines, RunLogEvent>
  /** `<instance>.<life>`. */
  worker: string
  log: Log
  nowMs(): number
}

const bounds = {
  delayMs: 200,
  linesPerEventMax: 100,
  /** As JSON; well below what a ledger takes in one append (1 MiB). */
  charsPerEventMax: 200_000,
  /** That wait for a ledger which does not take them. */
  waitingMax: 2_000,
  retryDelayMs: 1_000,
  /** How long the last lines of an attempt are tried. */
  closeMs: 5_000,
}

interface Waiting {
  line: LogLine
  chars: number
}

/**
 * The lines of one attempt on their way into the ledger, many to an event. Nothing that it does can fail or delay the
 * run: it takes a line at once, and what the ledger does not take is counted and dropped.
 */
export class RunLogWriter {
  private readonly deps: RunLogDeps
  private readonly job: Job
  private readonly bounds: Readonly<typeof bounds>
  private waiting: Waiting[] = []
  /** Dropped since the last line that was taken, because too many waited. */
  private missed = 0
  /** Dropped because the run has as many as it may. */
  private dropped = 0
  private isFull = false
  private hasWritten = false
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> | undefined
  private closedMs: number | undefined
  private wake = (): void => undefined

  constructor(deps: RunLogDeps, job: Job, given: Partial<typeof bounds> = {}) {
    this.deps = deps
    this.job = job
    this.bounds = { ...bounds, ...given }
  }

  add(line: LogLine): void {
    if (this.closedMs !== undefined) return
    if (this.isFull) this.dropped += 1
    else if (this.waiting.length >= this.bounds.waitingMax) this.missed += 1
    else {
      this.tellMissed()
      this.wait(line)
      if (this.waiting.length >= this.bounds.linesPerEventMax) this.write()
      else this.writeSoon()
    }
  }

  /** Writes what waits, and that no more comes; gives up after a while. An attempt that has said nothing writes nothing. */
  async close(): Promise<void> {
    if (this.closedMs !== undefined) return
    this.closedMs = performance.now()
    this.wake()
    this.write()
    await noLongerThan(this.bounds.closeMs, Promise.resolve(this.writing))
  }

  private wait(line: LogLine): void {
    this.waiting.push({ line, chars: JSON.stringify(line).length })
  }

  private tellMissed(): void {
    const { missed } = this
    if (missed === 0) return
    this.missed = 0
    const message = `${missed} ${missed === 1 ? 'line was' : 'lines were'} dropped here: the ledger did not take them in time`
    this.wait(lineOf({ at: this.now(), level: 'warn', stage: null, code: null, message, fields: { dropped: missed } }))
  }

  private writeSoon(): void {
    this.timer ??= setTimeout(() => this.write(), this.bounds.delayMs)
  }

  private write(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const hasSaid = this.missed > 0 || this.dropped > 0 || this.hasWritten
    if (this.waiting.length > 0 || (this.closedMs !== undefined && hasSaid)) this.writing ??= this.writeAll()
  }

  private async writeAll(): Promise<void> {
    for (let isOver = false; !isOver; ) {
      if (this.closedMs !== undefined) this.tellMissed()
      const taken = this.take()
      const isEnd = this.closedMs !== undefined && taken.length === this.waiting.length
      const end = isEnd ? { at: this.now(), dropped: this.dropped } : null
      const left = await this.append(
        taken.map(({ line }) => line),
        end,
      )
      this.waiting.splice(0, taken.length)
      if (left > 0) this.full(left)
      const isDue = this.closedMs !== undefined || this.waiting.length >= this.bounds.linesPerEventMax
      isOver = isEnd || this.isGivenUp || !isDue
    }
    // In the same turn in which nothing was left: what comes from now on begins anew.
    this.writing = undefined
    if (this.waiting.length > 0 && this.closedMs === undefined) this.writeSoon()
  }

  private full(left: number): void {
    this.isFull = true
    this.dropped += left + this.waiting.length
    this.waiting = []
  }

  private take(): Waiting[] {
    let chars = 0
    const { linesPerEventMax, charsPerEventMax } = this.bounds
    const past = this.waiting.findIndex((each, index) => {
      chars += each.chars
      return index >= linesPerEventMax || (index > 0 && chars > charsPerEventMax)
    })
    return past === -1 ? [...this.waiting] : this.waiting.slice(0, past)
  }

  /** One command, fixed once: however often it is said, the ledger holds it once. Returns how many lines it did not take. */
  private async append(lines: readonly LogLine[], end: LogLines['end']): Promise<number> {
    const { tenant, runId, attempt } = this.job
    const command = { type: 'LogLines' as const, runId, attempt, lines, end }
    const context = systemContext(tenant, `worker:${this.deps.worker}`, this.deps.nowMs(), this.job)
    for (;;) {
      const refused = await this.said(command, context)
      if (typeof refused === 'number') return refused
      if (!isTransient(refused)) {
        // The next lines say that these are missing.
        this.missed += lines.length
        return 0
      }
      if (this.isGivenUp) return 0
      await this.pause()
    }
  }

  /** How many lines the ledger did not take, or why it took none. */
  private async said(command: LogLines, context: CommandContext): Promise<number | Error> {
    try {
      const { events } = await this.deps.commands.handle(this.deps.runLogs, command.runId, command, context)
      this.hasWritten = true
      const [event] = events
      const taken = event?.event?.type === 'RunLogged' ? event.event.data.lines.length : 0
      return command.end === null ? command.lines.length - taken : 0
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      this.deps.log.warn('lines of a run were not written', {
        run: command.runId,
        lines: command.lines.length,
        error: reason.message,
      })
      return reason
    }
  }

  private get isGivenUp(): boolean {
    return this.closedMs !== undefined && performance.now() - this.closedMs >= this.bounds.closeMs
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.bounds.retryDelayMs)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private now(): string {
    return new Date(this.deps.nowMs()).toISOString()
  }
}

/** The ledger does not take it now: the same command may be said again. */
const isTransient = (error: Error): boolean =>
  error instanceof Rejection && (error.code === 'LEDGER_UNAVAILABLE' || error.code === 'CONFLICT')
