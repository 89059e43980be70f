import type { TenantId } from '../../domain/ids.ts'

export type LogName = 'commands' | 'access'

/** A log as its tree stands now. */
export interface LogHead {
  id: number
  tenant: TenantId
  log: LogName
  /** Leaves in its tree. */
  size: number
}

/** The logs' trees, as they were grown from the ledger. */
export interface LogTrees {
  heads(): LogHead[]
  /** Position of the last event of the ledger that they know. */
  reached(): bigint
  /** Root of the tree's first `size` leaves: 64 hex digits. */
  rootAt(logId: number, size: number): string
}

/** Signs checkpoints with the log's key. */
export interface CheckpointSigner {
  /** Learns of keys that were added. */
  refresh(): Promise<void>
  /** The signed note of a tree; `root` in hex. Throws when there is no key. */
  sign(tenant: TenantId, log: LogName, size: number, root: string): string
}

/** A checkpoint that was signed. `root`: 64 hex digits; `note`: the signed note. */
export interface SignedTree {
  id: number
  tenant: TenantId
  log: LogName
  size: number
  root: string
  note: string
}

/** Who cosigns checkpoints. */
export interface CheckpointWitness {
  name: string
  /** Its signature line, verified, without the newline. Rejects with the reason when there is none. */
  cosign(tree: SignedTree): Promise<string>
}

/** Where a log differs from what was sealed: the first such leaf is one of `from` to `to`, both included. */
export interface IntegrityFinding {
  logId: number
  tenant: TenantId
  log: LogName
  from: number
  to: number
  event: string | null
  stream: string | null
  detail: string
}

/** A checkpoint as it was signed. */
export interface SealedHead {
  size: number
  /** 64 hex digits. */
  root: string
  /** The signed note (C2SP tlog-checkpoint). */
  note: string
  /** ISO 8601: when the ledger recorded it. */
  recordedAt: string
}

/** That a leaf is in a tree. Hashes are 64 hex digits. */
export interface InclusionProof {
  index: number
  size: number
  /** RFC 8785 JSON of the envelope: what the tree's leaf is the hash of. */
  leaf: string
  proof: string[]
  /** The signed note of that tree; null when the size is not that of the newest checkpoint. */
  checkpoint: string | null
}

export interface ConsistencyProof {
  from: number
  to: number
  proof: string[]
}

export interface SubjectAsked {
  kind: 'run' | 'pipeline'
  id: string
  /** The first is the subject's own. */
  streams: readonly string[]
}

/** ISO 8601 times; `to` is not included. `types` null asks for all of them. */
export interface PeriodAsked {
  from: string
  to: string
  types: readonly string[] | null
}

export interface BundleFile {
  bytes: Uint8Array
  /** Leaves `first` to `size - 1` of the log lie within; of a subject's bundle only some of them are in it. */
  first: number
  size: number
  leaves: number
  /** When the two checkpoints were signed; `begin` is null at the beginning of the log. */
  begin: string | null
  end: string
}

/** What is handed out to auditors. Each answers null for what is not there, or throws UNAVAILABLE while it is not sealed. */
export interface Evidence {
  /** The log's verifier keys, newest first: whatever was signed, one of them signed it. */
  keys(tenant: TenantId, log: LogName): string[]
  /** Whether sealing has stopped, since the ledger's past differs from what was sealed. */
  isUnsealed(tenant: TenantId, log: LogName): boolean
  newest(tenant: TenantId, log: LogName): Promise<SealedHead | null>
  /** `path` as C2SP tlog-tiles has it after the log's prefix: `tile/0/000`. */
  tile(tenant: TenantId, log: LogName, path: string): Promise<{ bytes: Uint8Array; isFull: boolean } | null>
  /** `size` null: in the tree of the newest checkpoint. Throws VALIDATION_FAILED for a size that the tree never had. */
  inclusion(tenant: TenantId, log: LogName, event: string, size: number | null): Promise<InclusionProof | null>
  /** Throws VALIDATION_FAILED likewise. */
  consistency(tenant: TenantId, log: LogName, from: number, to: number | null): Promise<ConsistencyProof | null>
  subject(tenant: TenantId, asked: SubjectAsked): Promise<BundleFile | null>
  /** Why the evidence of a subject does not hold; null when all of it verifies. */
  doubt(tenant: TenantId, asked: SubjectAsked): Promise<string | null>
  period(tenant: TenantId, log: LogName, asked: PeriodAsked): Promise<BundleFile | null>
}
