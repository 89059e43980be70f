import { pipelines, sloAlerts } from '../app/aggregates.ts'
import { type Cause, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { SloWork, WatchedIn, WatchedPipeline } from '../app/ports/alerts.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { sloStreamId } from '../domain/alert/ids.ts'
import type { SloAlertCommand } from '../domain/alert/slo.ts'
import type { Slug } from '../domain/ids.ts'
import { environments } from '../domain/pipeline/environments.ts'
import { effectiveIn } from '../domain/pipeline/state.ts'
import { type AlertObjective, alertObjectives, alertWindowDays, verdictOf } from '../domain/slo/alarm.ts'
import { maxDurationMsOf, type Objectives, objectivesOf } from '../domain/slo/objectives.ts'
import { toldOf } from '../domain/slo/told.ts'
import { viewsTimeoutMs } from './rounds.ts'

export interface SloAlertsDeps {
  work: SloWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  log: Log
  /** Whether this replica is the one that looks; two that do raise the same alert once. */
  isLeader(): boolean
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

const tickEveryMs = 1_000
/** What grows old without any event is looked for so often. */
const sweepEveryMs = 60_000
/** However many of its runs end, a pipeline is looked at no more often than this. */
const pauseMs = 1_000

/**
 * How thoroughly a pipeline is looked at: a failure changes its success rate alone, and a success all of it. What only time
 * tells, or takes a count of the whole window again and again, is left to the sweeps.
 */
const depths = ['failure', 'success', 'sweep'] as const
type Depth = (typeof depths)[number]
const deeper = (one: Depth, other: Depth): Depth => (depths.indexOf(one) < depths.indexOf(other) ? other : one)

/** A pipeline that is to be looked at, since when something happened to it, and what. */
interface Waiting extends WatchedPipeline {
  atMs: number
  cause: Cause | undefined
  depth: Depth
}

/**
 * The process manager of objectives: after a run has ended, and by time, it looks whether an objective is missed so that
 * somebody should know, or is met again. What it knows of earlier alerts goes with each command, so whoever looks twice
 * tells once.
 */
export class SloAlerts implements Follows {
  readonly name = 'slo-alerts'
  private readonly deps: SloAlertsDeps
  private readonly waiting = new Map<string, Waiting>()
  private readonly lookedAtMs = new Map<string, number>()
  private interval: NodeJS.Timeout | undefined
  private looking: Promise<void> | null = null
  private sweptMs: number | null = null
  private stopped = false

  constructor(deps: SloAlertsDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** The views must be current. */
  start(): void {
    const tick = () =>
      void this.tick().catch((error) =>
        this.deps.log.warn('objectives are looked at again later', { error: String(error) }),
      )
    this.interval = setInterval(tick, tickEveryMs)
    tick()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.interval)
    await this.looking
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const { deps } = this
    const ended = events.filter(({ type }) => type === 'RunSucceeded' || type === 'RunFailed')
    if (ended.length === 0 || !deps.isLeader()) return
    if (!(await deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    for (const { id, event, metadata } of ended) {
      if (event?.type !== 'RunSucceeded' && event?.type !== 'RunFailed') continue
      const found = deps.work.ofRun(metadata.tenant, event.data.runId)
      const cause = { correlationId: metadata.correlationId, causationId: id }
      const depth = event.type === 'RunFailed' ? 'failure' : 'success'
      if (found) this.wait({ ...found, atMs: Date.parse(metadata.occurredAt), cause, depth })
    }
    void this.look()
  }

  /** Looks at what waits, and from time to time at everything. */
  async tick(): Promise<void> {
    const { isLeader, nowMs, work } = this.deps
    const now = nowMs()
    for (const [key, ms] of this.lookedAtMs) if (now - ms >= pauseMs) this.lookedAtMs.delete(key)
    if (!isLeader()) {
      // Who leads next begins with everything.
      this.sweptMs = null
      this.waiting.clear()
    } else if (this.sweptMs === null || now - this.sweptMs >= sweepEveryMs) {
      this.sweptMs = now
      for (const watched of work.watched()) this.wait({ ...watched, atMs: now, cause: undefined, depth: 'sweep' })
    }
    return this.look()
  }

  private wait(next: Waiting): void {
    const key = `${next.tenant} ${next.pipelineId}`
    const before = this.waiting.get(key) ?? next
    this.waiting.set(key, {
      ...next,
      atMs: Math.max(next.atMs, before.atMs),
      cause: next.cause ?? before.cause,
      depth: deeper(next.depth, before.depth),
    })
  }

  /** One pipeline at a time. */
  private look(): Promise<void> {
    this.looking ??= this.lookAtAll().finally(() => {
      this.looking = null
    })
    return this.looking
  }

  private async lookAtAll(): Promise<void> {
    const failed = new Set<string>()
    const isRested = (key: string) => this.deps.nowMs() - (this.lookedAtMs.get(key) ?? -Infinity) >= pauseMs
    for (;;) {
      const next = [...this.waiting].find(([key]) => !failed.has(key) && isRested(key))
      if (!next || this.stopped || !this.deps.isLeader()) return
      const [key, waiting] = next
      this.waiting.delete(key)
      this.lookedAtMs.set(key, this.deps.nowMs())
      try {
        await this.lookAt(waiting)
      } catch (error) {
        failed.add(key)
        this.wait(waiting)
        this.deps.log.warn('objectives are looked at again later', { pipeline: key, error: String(error) })
      }
    }
  }

  private async lookAt({ tenant, pipelineId, atMs, cause, depth }: Waiting): Promise<void> {
    const { commands, work, viewsReach } = this.deps
    const { state } = await commands.load(pipelines, tenant, pipelineId)
    if (!state.slug) return
    // The clock of who ran it may be ahead of ours.
    const nowMs = Math.max(this.deps.nowMs(), atMs)
    let reached = -1n
    for (const environment of environments) {
      const { objectives } = objectivesOf(effectiveIn(state, environment)?.manifest.slo ?? null)
      for (const objective of depth === 'failure' ? (['success_rate'] as const) : alertObjectives) {
        const of = { tenant, pipelineId, environment }
        const command = commandFor(work, { of, objective, objectives, slug: state.slug, nowMs, depth })
        if (!command) continue
        const context = systemContext(tenant, this.name, this.deps.nowMs(), cause)
        const streamId = sloStreamId(pipelineId, environment, objective)
        const { position } = await commands.handle(sloAlerts, streamId, command, context)
        if (position > reached) reached = position
      }
    }
    if (reached >= 0n) await viewsReach(reached, viewsTimeoutMs)
  }
}

interface Looked {
  of: WatchedIn
  objective: AlertObjective
  objectives: Objectives
  slug: Slug
  nowMs: number
  depth: Depth
}

/** What is to be said of an objective's alert; null for nothing, which it nearly always is. */
const commandFor = (work: SloWork, looked: Looked): SloAlertCommand | null => {
  const { of, objective, objectives, slug, nowMs, depth } = looked
  const { raised, open } = work.alert(of, objective)
  // Only durations need every run's: it is dear to have them of a whole window.
  const past = work.past(of, nowMs, objective === 'duration' ? maxDurationMsOf(objectives) : null)
  // As long as it burns, the whole window is counted in sweeps only; what is worst already cannot become worse.
  const severity = open && depth !== 'sweep' ? 'breached' : (open?.severity ?? null)
  const verdict = verdictOf(objective, objectives, past, severity)
  if (!verdict) return null
  const { pipelineId, environment } = of
  const told = toldOf(objective, objectives, past) ?? { detail: 'the objective is asked for no more', figures: null }
  const about = { pipelineId, pipeline: slug, environment, objective, windowDays: alertWindowDays }
  const { detail, figures } = told
  if (verdict.do === 'resolve') {
    return open && { type: 'ResolveSloAlert', resolved: { alertId: open.alertId, ...about, detail, figures } }
  }
  if (!figures) return null
  const alert = { ...about, severity: verdict.severity, detail, figures }
  if (verdict.do === 'raise') return { type: 'RaiseSloAlert', number: raised + 1, alert }
  return open && { type: 'EscalateSloAlert', alert: { alertId: open.alertId, ...alert } }
}
