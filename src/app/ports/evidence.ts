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
  /** Root of the tree's first `size` leaves: 64 hex digits. */
  rootAt(logId: number, size: number): string
}

/** Signs checkpoints with the log's key. */
export interface CheckpointSigner {
  /** The signed note of a tree; `root` in hex. */
  sign(tenant: TenantId, log: LogName, size: number, root: string): string
}
