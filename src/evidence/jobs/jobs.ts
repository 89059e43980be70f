import { randomUUID } from 'node:crypto'
import type { LogName, PeriodAsked } from '../../app/ports/evidence.ts'
import type { EvidenceJob, EvidenceJobs, MakeChain } from '../../app/ports/evidence-jobs.ts'
import type { Log } from '../../app/ports/follower.ts'
import { type Code, Rejection } from '../../domain/codes.ts'
import type { TenantId } from '../../domain/ids.ts'
import type { JobFiles } from './files.ts'

interface Deps {
  files: JobFiles
  make: MakeChain
  bounds: EvidenceJobs['bounds']
  nowMs(): number
  log: Log
}

type Failure = NonNullable<EvidenceJob['failure']>

/** Makes one chain at a time, and keeps the results for a while. */
export class ChainJobs implements EvidenceJobs {
  readonly bounds: EvidenceJobs['bounds']
  private readonly deps: Deps
  /** In the order in which they were asked for. */
  private readonly jobs = new Map<string, EvidenceJob>()
  private current: { id: string; ending: AbortController } | null = null
  private working: Promise<void> = Promise.resolve()
  private stopped = false

  private constructor(deps: Deps) {
    this.deps = deps
    this.bounds = deps.bounds
  }

  /** A job that the end of the process broke off has failed, and says so. */
  static async open(deps: Deps): Promise<ChainJobs> {
    const jobs = new ChainJobs(deps)
    for (const job of await deps.files.all(deps.log)) {
      jobs.jobs.set(job.id, job)
      if (job.finishedAt === null) await jobs.failed(job, brokenOff)
    }
    await jobs.sweep()
    return jobs
  }

  async ask(tenant: TenantId, log: LogName, asked: PeriodAsked): Promise<EvidenceJob> {
    await this.sweep()
    this.checkRoom(tenant)
    const job: EvidenceJob = {
      ...{ id: randomUUID(), tenant, log, asked, status: 'queued', createdAt: this.now() },
      ...{ finishedAt: null, expiresAt: null, progress: null, result: null, failure: null },
    }
    this.jobs.set(job.id, job)
    try {
      await this.save(job)
    } catch (error) {
      this.jobs.delete(job.id)
      throw error
    }
    const shown = { ...job }
    this.working = this.working.then(() => this.run(job))
    return shown
  }

  async list(tenant: TenantId): Promise<EvidenceJob[]> {
    await this.sweep()
    return this.of(tenant).map((job) => ({ ...job }))
  }

  async get(tenant: TenantId, id: string): Promise<EvidenceJob | null> {
    return (await this.list(tenant)).find((job) => job.id === id) ?? null
  }

  async open({ id, status }: EvidenceJob): Promise<ReadableStream<Uint8Array> | null> {
    return status === 'done' ? this.deps.files.open(id) : null
  }

  async remove(tenant: TenantId, id: string): Promise<boolean> {
    if (this.jobs.get(id)?.tenant !== tenant) return false
    await this.drop(id)
    return true
  }

  /** Resolves when nothing is to be made any more. */
  async idle(): Promise<void> {
    await this.working
  }

  /** What is being made is broken off, and nothing is made any more. */
  async stop(): Promise<void> {
    this.stopped = true
    this.current?.ending.abort()
    await this.working
  }

  /** Removes what was kept for long enough. */
  async sweep(): Promise<void> {
    const now = this.now()
    for (const { id, expiresAt } of [...this.jobs.values()]) {
      if (expiresAt !== null && expiresAt <= now) await this.drop(id)
    }
  }

  private checkRoom(tenant: TenantId): void {
    const { jobsMax, bytesMax } = this.bounds
    if (this.of(tenant).length >= jobsMax) {
      throw new Rejection('EVIDENCE_JOBS_FULL', `${jobsMax} jobs are kept at most; delete one`, { jobs_max: jobsMax })
    }
    if (this.bytesLeft(tenant) <= 0) {
      const message = `${bytesMax} bytes of results are kept at most; delete a job`
      throw new Rejection('EVIDENCE_JOBS_FULL', message, { bytes_max: bytesMax })
    }
  }

  private async run(job: EvidenceJob): Promise<void> {
    // It was removed while it waited.
    if (this.stopped || !this.jobs.has(job.id)) return
    const ending = new AbortController()
    this.current = { id: job.id, ending }
    try {
      await this.made(job, ending.signal)
    } catch (error) {
      if (!this.stopped && this.jobs.has(job.id)) await this.failed(job, this.failureOf(job, error))
    } finally {
      await this.deps.files.discard(job.id).catch((error: unknown) => this.warn(job, error))
      this.current = null
    }
  }

  private async made(job: EvidenceJob, signal: AbortSignal): Promise<void> {
    const { files, make } = this.deps
    job.status = 'running'
    const made = await make(job.tenant, job.log, job.asked, {
      path: files.making(job.id),
      bytesMax: this.bytesLeft(job.tenant),
      signal,
      progress: (progress) => {
        job.progress = progress
      },
    })
    if (!made) throw new Rejection('LOG_NOT_FOUND', 'nothing has been sealed yet')
    if (signal.aborted) return
    await files.finish(job.id)
    await this.save({ ...job, ...this.finished(), status: 'done', result: made })
  }

  private async failed(job: EvidenceJob, failure: Failure): Promise<void> {
    const failed: EvidenceJob = { ...job, ...this.finished(), status: 'failed', failure }
    try {
      await this.save(failed)
    } catch (error) {
      // It is kept for as long as the process lives.
      this.warn(job, error)
      Object.assign(job, failed)
    }
  }

  private failureOf(job: EvidenceJob, error: unknown): Failure {
    if (error instanceof Rejection) return { code: error.code, message: error.message }
    this.warn(job, error)
    return { code: 'INTERNAL' satisfies Code, message: 'the server failed at this job' }
  }

  private finished(): Pick<EvidenceJob, 'finishedAt' | 'expiresAt'> {
    const now = this.deps.nowMs()
    return { finishedAt: isoOf(now), expiresAt: isoOf(now + this.bounds.keepMs) }
  }

  /** Shown as it was written; one that is removed meanwhile leaves nothing. */
  private async save(job: EvidenceJob): Promise<void> {
    await this.deps.files.save(job)
    const shown = this.jobs.get(job.id)
    if (shown) Object.assign(shown, job)
    else await this.deps.files.remove(job.id)
  }

  private async drop(id: string): Promise<void> {
    this.jobs.delete(id)
    if (this.current?.id === id) this.current.ending.abort()
    await this.deps.files.remove(id)
  }

  private of(tenant: TenantId): EvidenceJob[] {
    return [...this.jobs.values()].filter((job) => job.tenant === tenant)
  }

  private bytesLeft(tenant: TenantId): number {
    return this.of(tenant).reduce((left, { result }) => left - (result?.bytes ?? 0), this.bounds.bytesMax)
  }

  private warn({ id, tenant }: EvidenceJob, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.deps.log.error('a job of evidence failed', { job: id, tenant, error: text })
  }

  private now(): string {
    return isoOf(this.deps.nowMs())
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()

const brokenOff: Failure = {
  code: 'UNAVAILABLE',
  message: 'the service was restarted before the job was done; ask again',
}
