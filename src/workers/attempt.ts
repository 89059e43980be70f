import { leases, pipelines, runs } from '../app/aggregates.ts'
import { type CommandContext, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Job } from '../app/ports/bus.ts'
import type { Engine, EngineSession } from '../app/ports/engine.ts'
import { Rejection } from '../domain/codes.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'
import { type Pipeline, withOverrides } from '../domain/pipeline/state.ts'
import type { RunCommand } from '../domain/run/commands.ts'
import { type CostRates, costOf } from '../domain/run/cost.ts'
import type { RunError, RunRequested } from '../domain/run/events.ts'
import { hasCompleted, hasEnded, type Run } from '../domain/run/state.ts'
import { AttemptLog } from './attempt-log.ts'
import { type RunLogDeps, RunLogWriter } from './run-log-writer.ts'
import { sinkContract } from './sink-contract.ts'

export interface AttemptDeps extends RunLogDeps {
  commands: CommandHandler
  engine: Engine
  leaseMs: number
  rates: CostRates
  /** A pause between commit and publish, for drills; 0 in production. */
  beforePublishMs: number
}

/** The last waits are up to a second: a run that is written to for longer than that is left to its next attempt. */
const conflictTriesMax = 10

/** One attempt at one run: says to the ledger what the engine does, step by step. Throws Rejection and StageError. */
export class Attempt {
  private readonly deps: AttemptDeps
  private readonly job: Job
  private saidAtMs = 0
  readonly log: AttemptLog
  /** The stage that the engine is at, for whoever has to report a failure. */
  stage: string | null = null

  constructor(deps: AttemptDeps, job: Job) {
    this.deps = deps
    this.job = job
    const { worker, nowMs } = deps
    this.log = new AttemptLog({ writer: new RunLogWriter(deps, job), job, worker, nowMs })
  }

  load(): Promise<Run> {
    return this.deps.commands.load(runs, this.job.tenant, this.job.runId).then(({ state }) => state)
  }

  /** Whether this very attempt is to be begun. */
  async isDue(): Promise<boolean> {
    const run = await this.load()
    if (this.job.attempt !== run.attempt + 1) return false
    return run.status === 'canceling' ? run.currentStage === null : run.status === 'queued' && run.retryDueAt === null
  }

  async start(): Promise<Run> {
    const { runId, attempt } = this.job
    const run = await this.say({ type: 'StartRun', runId, attempt, worker: this.deps.worker })
    this.log.takenUp(run)
    return run
  }

  /** The manifest that the run was requested with, whatever the pipeline has become since. */
  async manifest({ pipelineId, manifestHash, overrides = [] }: RunRequested): Promise<Manifest> {
    const known = (pipeline: Pipeline): Manifest | undefined => {
      const version = pipeline.versions.find((each) => each.manifestHash === manifestHash)
      const knows = (number: number) => pipeline.overrides.some((override) => override.number === number)
      return version && overrides.every(knows) ? withOverrides(pipeline, version.manifest, overrides) : undefined
    }
    const { tenant } = this.job
    const cached = await this.deps.commands.loadCached(pipelines, tenant, pipelineId)
    const inCache = known(cached.state)
    if (inCache) return inCache
    const { state } = await this.deps.commands.load(pipelines, tenant, pipelineId)
    const found = known(state)
    if (!found) throw new Rejection('PIPELINE_NOT_FOUND', `manifest ${manifestHash} is not in the ledger`)
    return found
  }

  async openSession(run: Run, requested: RunRequested, manifest: Manifest): Promise<EngineSession> {
    const { tenant, runId, attempt } = this.job
    const { parameters, partition } = requested
    const contract = await sinkContract(this.deps.commands, tenant, manifest, requested.replayOf?.contract)
    const job = {
      tenant,
      runId,
      attempt,
      manifest,
      partition,
      parameters,
      requestedAt: requested.requestedAt,
      completedStages: requested.stages.filter((stage) => hasCompleted(run, stage)),
      ...(contract ? { contract } : {}),
    }
    return this.deps.engine.open(job, this.log.say)
  }

  async runStages(run: Run, stages: readonly string[], session: EngineSession, signal: AbortSignal): Promise<void> {
    const { runId, attempt } = this.job
    for (const stage of stages) {
      if (hasCompleted(run, stage)) continue
      await this.say({ type: 'StartStage', runId, attempt, stage })
      this.stage = stage
      this.log.stageBegun(stage)
      const result = await session.runStage(stage, signal)
      await this.say({ type: 'CompleteStage', runId, attempt, stage, ...result })
      this.log.stageCompleted(stage, result)
      this.stage = null
    }
  }

  async commit(): Promise<Run> {
    const { runId, attempt } = this.job
    const run = await this.say({ type: 'CommitOutputs', runId, attempt })
    this.log.committed(run.committed ?? [])
    return run
  }

  /** Publishing comes after the commit, is idempotent, and whoever resumes rolls it forward. */
  async publish(run: Run): Promise<void> {
    const { tenant, runId, attempt } = this.job
    const files = run.committed ?? []
    if (this.deps.beforePublishMs > 0) await new Promise((resolve) => setTimeout(resolve, this.deps.beforePublishMs))
    await this.deps.engine.publish(tenant, runId, files)
    this.log.published(files)
    const cost = costOf(run, files, this.deps.rates)
    await this.say({ type: 'SucceedRun', runId, attempt, cost })
    this.log.succeeded(cost)
  }

  /** What a failed run has staged is of use only to its next try. */
  async fail(error: RunError, retryable: boolean): Promise<void> {
    const { runId, attempt } = this.job
    const at = new Date(this.deps.nowMs()).toISOString()
    const run = await this.say({ type: 'FailRun', runId, attempt, stage: this.stage, error, retryable, at })
    this.log.failed(error, run)
    if (hasEnded(run)) await this.discard()
  }

  /** Removes what was staged, so that the cancel can say what it removed. Does nothing for a run that is to go on. */
  async confirmCancel(): Promise<void> {
    const { runId } = this.job
    if ((await this.load()).status !== 'canceling') return
    const removed = await this.discard()
    await this.say({ type: 'ConfirmCancel', runId, removed })
    this.log.canceled(removed)
  }

  /** Removes what was staged for a run that has ended: nobody else will. */
  discard(): Promise<string[]> {
    const { tenant, runId } = this.job
    return this.deps.engine.discard(tenant, runId)
  }

  /** Tells that the worker is alive where the run's own events do not. */
  async renewLease(): Promise<void> {
    const { runId, attempt } = this.job
    const nowMs = this.deps.nowMs()
    if (nowMs - this.saidAtMs < this.deps.leaseMs / 3) return
    const role = `run.${runId}`
    const until = new Date(nowMs + this.deps.leaseMs).toISOString()
    const take = { type: 'TakeLease' as const, role, owner: this.deps.worker, at: new Date(nowMs).toISOString(), until }
    await this.deps.commands.handle(leases, `${role}.${attempt}`, take, this.context())
  }

  /** Others may write to the run faster than a worker reads it; what a stage has cost is not given up for that. */
  private async say(command: RunCommand, tries = 1): Promise<Run> {
    const context = this.context()
    try {
      const { state } = await this.deps.commands.handle(runs, this.job.runId, command, context)
      this.saidAtMs = this.deps.nowMs()
      return state
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== 'CONFLICT' || tries === conflictTriesMax) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** tries))
    return this.say(command, tries + 1)
  }

  private context(): CommandContext {
    return systemContext(this.job.tenant, `worker:${this.deps.worker}`, this.deps.nowMs(), this.job)
  }
}
