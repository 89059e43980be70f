import type { TenantId } from '../../domain/ids.ts'
import type { LogName, PeriodAsked } from './evidence.ts'

/** How much of a chain there is. */
export interface ChainProgress {
  leavesDone: number
  leavesTotal: number
  parts: number
}

/** A period as a chain of bundles: leaves `first` to `size - 1` of the log, in so many parts. */
export interface ChainMade {
  first: number
  size: number
  parts: number
  /** When the two outer checkpoints were signed; `begin` is null at the beginning of the log. */
  begin: string | null
  end: string
}

export interface ChainFileMade extends ChainMade {
  bytes: number
}

/** The making of a chain, told to a file that is the maker's own until it has resolved. */
export interface ChainWork {
  path: string
  /** A file that grows larger is refused: EVIDENCE_JOBS_FULL. */
  bytesMax: number
  signal: AbortSignal
  progress(progress: ChainProgress): void
}

/** Null when the log has no checkpoint. */
export type MakeChain = (
  tenant: TenantId,
  log: LogName,
  asked: PeriodAsked,
  work: ChainWork,
) => Promise<ChainFileMade | null>

/** Times are ISO 8601. */
export interface EvidenceJob {
  id: string
  tenant: TenantId
  log: LogName
  asked: PeriodAsked
  status: 'queued' | 'running' | 'done' | 'failed'
  createdAt: string
  /** When it was done or failed, and until when it is kept from then on. */
  finishedAt: string | null
  expiresAt: string | null
  /** Null until it is known how many leaves there are. */
  progress: ChainProgress | null
  /** Of a job that is done. */
  result: ChainFileMade | null
  /** Why it failed; the message is public. */
  failure: { code: string; message: string } | null
}

/** Jobs whose results are chains. Each is known to this replica alone. */
export interface EvidenceJobs {
  /** Of one tenant. */
  bounds: { jobsMax: number; bytesMax: number; keepMs: number; partLeavesMax: number }
  /** Throws EVIDENCE_JOBS_FULL when the tenant has as many jobs, or bytes, as are kept. */
  ask(tenant: TenantId, log: LogName, asked: PeriodAsked): Promise<EvidenceJob>
  /** In the order in which they were asked for. */
  list(tenant: TenantId): Promise<EvidenceJob[]>
  get(tenant: TenantId, id: string): Promise<EvidenceJob | null>
  /** The result of a job that is done; null when there is none. */
  open(job: EvidenceJob): Promise<ReadableStream<Uint8Array> | null>
  /** Ends it if need be. False when there is no such job. */
  remove(tenant: TenantId, id: string): Promise<boolean>
}
