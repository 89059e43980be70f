import type { ReadDb } from '../../projections/projection.ts'
import type { ApprovalRequired } from '../app/approval-needed.ts'
import type { CallRecorder } from '../app/call-recorder.ts'
import type { CountedCalls } from '../app/counted-calls.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Evidence } from '../app/ports/evidence.ts'
import type { EvidenceJobs } from '../app/ports/evidence-jobs.ts'
import type { Log } from '../app/ports/follower.ts'
import type { LedgerStreams } from '../app/ports/ledger-streams.ts'
import type { Metrics } from '../app/ports/metrics.ts'
import type { RejectedRowsReader } from '../app/ports/rejected-rows.ts'
import type { FindContract, Finding } from '../app/ports/validation.ts'
import type { Policies } from '../auth/policy.ts'
import type { Identity } from '../auth/principal.ts'
import type { Approvable } from '../domain/approval/rules.ts'
import type { TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'
import type { Callers } from './callers.ts'
import type { RateLimits } from './limits.ts'
import type { LiveStreams } from './native/events/live-streams.ts'
import type { ReadAfterWrite } from './reads.ts'

/** How callers are identified. Each throws UNAUTHORIZED, or what the dialect's document says. */
export interface Credentials {
  /** Who calls without a credential; null where one is required. */
  open: Identity | null
  verifyToken(token: string): Promise<Identity>
  verifyApiKey(key: string | undefined): Identity
  /** The tenant that the call is for; `header` is X-Tenant-ID. */
  chooseTenant(identity: Identity, header: string | undefined, required: boolean): TenantId
}

/** The signing secrets of webhooks. What the ledger holds of them is sealed under a key of the webhook's own. */
export interface WebhookSecrets {
  /** A new secret, sealed. */
  draw(tenant: TenantId, webhookId: string): Promise<string>
  /** Null when the webhook was deleted. */
  open(sealed: string): Promise<string | null>
  /** Destroys the key of all secrets of the webhook. */
  erase(tenant: TenantId, webhookId: string): Promise<void>
}

/** Keys of people, as an erasure wants them. */
export interface SubjectErasure {
  /** Destroys the key, and forgets here whatever is known by it. As often as one likes. */
  erase(tenant: TenantId, pseudonym: string): Promise<void>
  /** Whether nobody can open what was sealed for the subject any more. */
  isDestroyed(pseudonym: string): Promise<boolean>
}

/** Reads manifests, and says all that is wrong with one: where, and what. */
export interface ManifestReader {
  read(value: unknown): { manifest: Manifest; hash: string } | { problems: { path: string; message: string }[] }
  /** YAML, or JSON, which is a part of it. */
  readText(text: string): ReturnType<ManifestReader['read']>
}

/** Reads the schema of a contract, and says all that is wrong with it: where, and what. */
interface ContractSchemaReader {
  read(value: JsonObject): { schema: JsonObject } | { problems: { path: string; message: string }[] }
}

/** Who has to approve what is asked for at a time (ISO); `environment` is null for what is of none. */
export interface ApprovalPolicy {
  needed(command: Approvable, environment: Environment | null, at: string): ApprovalRequired
}

/** What the routes work with. */
export interface Services {
  commands: CommandHandler
  views: ReadDb
  reads: ReadAfterWrite
  live: LiveStreams
  credentials: Credentials
  callers: Pick<Callers, 'of' | 'originOfNobody'>
  /** Where a call comes from, given the address of the peer and the header X-Forwarded-For. */
  clientAddress(peer: string, forwardedFor?: string): string
  policies: Pick<Policies, 'decide'>
  limits: Pick<RateLimits, 'take'>
  calls: Pick<CallRecorder, 'record' | 'durable' | 'keepsUp'>
  counted: Pick<CountedCalls, 'add'>
  webhookSecrets: WebhookSecrets
  subjectKeys: SubjectErasure
  evidence: Evidence
  approvals: ApprovalPolicy
  manifests: ManifestReader
  /** All that is wrong with a manifest, a value or a text of YAML. */
  validateManifest(given: unknown, findContract: FindContract): Promise<Finding[]>
  contractSchemas: ContractSchemaReader
  evidenceJobs: EvidenceJobs
  rejectedRows: RejectedRowsReader
  streams: LedgerStreams
  /** How many days the lines of runs' logs are kept. */
  runLogDays: number
  /** The tenants whose logs are for anyone. */
  publicLedgers: readonly TenantId[]
  /** Opens a sealed value; null when its subject was erased. */
  openSealed(sealed: string): Promise<string | null>
  /** Origins of pages that may call from a browser. */
  corsOrigins: readonly string[]
  metrics: Metrics
  log: Log
  nowMs(): number
  /** Null when all is well, else what is missing, for GET /ready. */
  notReady(): Promise<string | null>
}
