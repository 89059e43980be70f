import type { PipelineId, RunId, TenantId } from '../../domain/ids.ts'
import type { Environment } from '../../domain/pipeline/environments.ts'
import type { AlertObjective, Severity } from '../../domain/slo/alarm.ts'
import type { Past } from '../../domain/slo/measured.ts'
import type { Cause } from '../context.ts'

/** A pipeline whose objectives may have something to tell. */
export interface WatchedPipeline {
  tenant: TenantId
  pipelineId: PipelineId
}

export interface WatchedIn extends WatchedPipeline {
  environment: Environment
}

/** What the views know of objectives and their alerts. */
export interface SloWork {
  /** Those that have, or once had, objectives. */
  watched(): WatchedPipeline[]
  /** The pipeline of a run, where it is watched. */
  ofRun(tenant: TenantId, runId: RunId): WatchedPipeline | undefined
  /** As seen from `nowMs`; runs that succeeded are within `maxDurationMs`, all of them where it is null. */
  past(of: WatchedIn, nowMs: number, maxDurationMs: number | null): Past
  /** How often an objective was alarming, and the alert that is open. */
  alert(
    of: WatchedIn,
    objective: AlertObjective,
  ): { raised: number; open: { alertId: string; severity: Severity } | null }
}

/** An approval that somebody gave alone, and that nobody was told of yet. */
export interface BrokenGlass {
  tenant: TenantId
  approvalId: string
  cause: Cause
}

export interface BreakGlassWork {
  /** Bounded, a later call finds the rest. */
  untold(): BrokenGlass[]
}
