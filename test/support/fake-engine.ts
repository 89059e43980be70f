import {
  type Engine,
  type EngineJob,
  type EngineSession,
  StageError,
  type StageResult,
} from '../../src/app/ports/engine.ts'
import type { SayInLog } from '../../src/app/ports/run-logs.ts'
import type { RunId, TenantId } from '../../src/domain/ids.ts'
import type { StagedFile } from '../../src/domain/run/events.ts'
import { fileOf } from './run-events.ts'

type Behaviour = (signal: AbortSignal) => Promise<void> | void

/** An engine whose stages stage one file each, and do before that what a test tells them. */
export class FakeEngine implements Engine {
  readonly name = 'fake'
  readonly jobs: EngineJob[] = []
  /** What was called, in order: `open r.1`, `extract r.1`, `close r.1`, `publish r`, `discard r`. */
  readonly calls: string[] = []
  readonly staged = new Map<RunId, string[]>()
  readonly published: StagedFile[] = []
  /** Of the last session. */
  say: SayInLog = () => undefined
  /** What the next runs of a stage do, `open` and `publish` among them. */
  readonly next: Record<string, Behaviour[]> = {}

  will(stage: string, ...behaviours: Behaviour[]): void {
    this.next[stage] = behaviours
  }

  async prepare(): Promise<void> {
    await this.behave('prepare')
  }

  async open(job: EngineJob, say: SayInLog): Promise<EngineSession> {
    this.jobs.push(job)
    this.say = say
    const name = `${job.runId}.${job.attempt}`
    this.calls.push(`open ${name}`)
    await this.behave('open')
    return {
      runStage: async (stage, signal): Promise<StageResult> => {
        this.calls.push(`${stage} ${name}`)
        await this.behave(stage, signal)
        return this.stage(job, stage)
      },
      close: async () => void this.calls.push(`close ${name}`),
    }
  }

  async publish(_: TenantId, runId: RunId, files: readonly StagedFile[]): Promise<void> {
    this.calls.push(`publish ${runId}`)
    await this.behave('publish')
    this.published.push(...files)
    this.staged.delete(runId)
  }

  async discard(_: TenantId, runId: RunId): Promise<string[]> {
    this.calls.push(`discard ${runId}`)
    const names = this.staged.get(runId) ?? []
    this.staged.delete(runId)
    return names
  }

  private async behave(what: string, signal = new AbortController().signal): Promise<void> {
    await this.next[what]?.shift()?.(signal)
  }

  private stage({ runId, attempt }: EngineJob, stage: string): StageResult {
    const file = { ...fileOf(`${stage}.parquet`), staged: `.staging/${runId}/${attempt}/${stage}.parquet` }
    this.staged.set(runId, [...(this.staged.get(runId) ?? []), file.staged])
    return {
      output: { stage },
      rows: 3,
      bytesRead: 100,
      bytesWritten: 10,
      computeMs: 500,
      files: [file],
      lineage: null,
    }
  }
}

/** A stage that is interrupted as soon as the signal fires, and else never ends. */
export const untilInterrupted: Behaviour = (signal) =>
  new Promise((_, reject) => {
    const interrupt = () => reject(new StageError('CANCELED', 'interrupted', false))
    if (signal.aborted) interrupt()
    else signal.addEventListener('abort', interrupt, { once: true })
  })

export const failing =
  (retryable: boolean, code: StageError['code'] = 'STAGE_FAILED'): Behaviour =>
  () => {
    throw new StageError(code, 'it broke', retryable)
  }

/** A stage that goes on when it is let go, whatever the signal says. */
export const gate = () => {
  let open = (): void => undefined
  let reached = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const isReached = new Promise<void>((resolve) => {
    reached = resolve
  })
  const wait: Behaviour = () => {
    reached()
    return opened
  }
  return { wait, open, isReached }
}
