import type { Job } from '../app/ports/bus.ts'
import type { StageResult } from '../app/ports/engine.ts'
import type { SayInLog } from '../app/ports/run-logs.ts'
import type { RunCost, RunError, StagedFile } from '../domain/run/events.ts'
import { hasCompleted, hasEnded, type Run } from '../domain/run/state.ts'
import { lineOf } from '../domain/run-log/line.ts'
import type { RunLogWriter } from './run-log-writer.ts'

interface AttemptLogDeps {
  writer: Pick<RunLogWriter, 'add' | 'close'>
  job: Job
  worker: string
  nowMs(): number
}

const namesShownMax = 10

/** What one attempt has to say to whoever looks into the run. Before it has begun it says nothing: there may be no run. */
export class AttemptLog {
  private readonly deps: AttemptLogDeps
  private hasBegun = false
  /** The stage that lines are of. */
  private stage: string | null = null

  constructor(deps: AttemptLogDeps) {
    this.deps = deps
  }

  readonly say: SayInLog = (level, message, fields = {}, code) => {
    if (!this.hasBegun) return
    const at = new Date(this.deps.nowMs()).toISOString()
    this.deps.writer.add(lineOf({ at, level, stage: this.stage, code: code ?? null, message, fields }))
  }

  takenUp(run: Run): void {
    this.hasBegun = true
    const { worker, job } = this.deps
    this.say('info', `Attempt ${job.attempt} was taken up by worker ${worker}`, { attempt: job.attempt, worker })
    const stages = run.requested?.stages ?? []
    const done = stages.filter((stage) => hasCompleted(run, stage))
    if (run.committed) this.say('info', 'An earlier attempt has committed the outputs: only publishing is left')
    else if (done.length > 0) {
      const next = stages.find((stage) => !hasCompleted(run, stage))
      const where = next === undefined ? 'the commit' : `stage ${next}`
      this.say('info', `It goes on at ${where}; completed before: ${listed(done)}`, { completed: done.length })
    }
  }

  stageBegun(stage: string): void {
    this.stage = stage
    this.say('info', `Stage ${stage} has begun`)
  }

  stageCompleted(stage: string, { rows, bytesRead, bytesWritten, computeMs }: StageResult): void {
    const fields = { rows, bytes_read: bytesRead, bytes_written: bytesWritten, ms: computeMs }
    this.say('info', `Stage ${stage} has completed after ${computeMs} ms`, fields)
    this.stage = null
  }

  committed(files: readonly StagedFile[]): void {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    this.say('info', `Committed ${counted(files.length, 'file')}, ${counted(bytes, 'byte')}`, {
      files: files.length,
      bytes,
    })
  }

  published(files: readonly StagedFile[]): void {
    const targets = listed(files.map(({ target }) => target))
    this.say('info', `Published ${counted(files.length, 'file')}${targets && `: ${targets}`}`, { files: files.length })
  }

  succeeded({ computeSeconds, totalUsd }: RunCost): void {
    const message = `The run has succeeded; it took ${computeSeconds} s of computing and cost ${totalUsd} US dollars`
    this.say('info', message, { compute_seconds: computeSeconds, usd: totalUsd })
  }

  failed({ code, message }: RunError, run: Run): void {
    const what = this.stage === null ? 'The attempt' : `Stage ${this.stage}`
    this.say('error', `${what} has failed: ${message}`, {}, code)
    this.stage = null
    if (hasEnded(run)) this.say('error', 'The run has failed: it is not tried again', { failures: run.failures }, code)
    else if (run.retryDueAt !== null) {
      this.say('warn', `The next attempt is due at ${run.retryDueAt}`, {
        due_at: run.retryDueAt,
        failures: run.failures,
      })
    }
  }

  asked(kind: 'cancel' | 'pause' | 'resume'): void {
    if (kind === 'cancel') this.say('warn', 'A cancel was asked for: the stage in progress is interrupted')
    else if (kind === 'pause') this.say('info', 'A pause was asked for: the stage in progress is finished first')
    else this.say('info', 'The run was resumed')
  }

  canceled(removed: readonly string[]): void {
    this.hasBegun = true
    this.stage = null
    this.say('warn', `The run was canceled; ${counted(removed.length, 'staged file')} removed`, {
      removed: removed.length,
    })
  }

  /** The attempt ends without a word to the run: another one goes on, or nobody does. */
  left(code: string, reason: string): void {
    this.say('warn', `The attempt was left: ${reason}`, {}, code)
  }

  stopped(): void {
    this.say('warn', 'The worker stops: the next attempt goes on at this stage')
  }

  close(): Promise<void> {
    return this.deps.writer.close()
  }
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

const listed = (names: readonly string[]): string =>
  names.length <= namesShownMax
    ? names.join(', ')
    : `${names.slice(0, namesShownMax).join(', ')} and ${names.length - namesShownMax} more`
