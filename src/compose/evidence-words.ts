import type { Difference } from '../evidence/log/auditor.ts'

/** What the thread of evidence is started with. */
export interface EvidenceThreadData {
  path: string
  url: string
  auditEveryMs: number
}

/** How far the trees are, what an audit found and whether it came to its end; or what went wrong and is tried again. */
export type EvidenceThreadWord =
  | { position: bigint }
  | { error: string }
  | { difference: Difference }
  | { audited: number; tookMs: number }
  | { auditFailed: string }
