import type { BackfillRequested, PartitionOutcome } from './events.ts'

export type BackfillCommand =
  | { type: 'RequestBackfill'; request: BackfillRequested }
  | { type: 'ReleaseBackfill'; backfillId: string; approvalId: string; commandHash: string }
  | { type: 'RefuseBackfill'; backfillId: string; approvalId: string; reason: string }
  | { type: 'PauseBackfill'; backfillId: string }
  | { type: 'ResumeBackfill'; backfillId: string }
  | { type: 'CancelBackfill'; backfillId: string }
  | { type: 'CompleteBackfill'; backfillId: string; outcomes: Record<PartitionOutcome, number> }
