import type { AccessEvent } from './access/events.ts'
import type { AlertEvent } from './alert/events.ts'
import type { ApprovalEvent } from './approval/events.ts'
import type { BackfillEvent } from './backfill/events.ts'
import type { CosignatureEvent } from './checkpoint/cosign.ts'
import type { CheckpointEvent } from './checkpoint/decide.ts'
import type { ContractEvent } from './contract/events.ts'
import type { DeadLetterChoiceEvent, DeadLetterEvent } from './dead-letter/events.ts'
import type { DelegationEvent } from './delegation/events.ts'
import type { DeliveryEvent } from './delivery/events.ts'
import type { LeaseEvent } from './lease/decide.ts'
import type { LedgerNameEvent } from './ledger/decide.ts'
import type { LogKeyEvent } from './ledger/keys.ts'
import type { PartitionEvent } from './partition/decide.ts'
import type { PipelineEvent } from './pipeline/events.ts'
import type { RunEvent } from './run/events.ts'
import type { RunLogEvent } from './run-log/events.ts'
import type { SubjectEvent } from './subject/events.ts'
import type { WebhookEvent } from './webhook/events.ts'

/** Everything that can happen. */
export type DomainEvent =
  | PipelineEvent
  | RunEvent
  | RunLogEvent
  | PartitionEvent
  | LeaseEvent
  | CheckpointEvent
  | CosignatureEvent
  | LedgerNameEvent
  | LogKeyEvent
  | AlertEvent
  | AccessEvent
  | SubjectEvent
  | WebhookEvent
  | DeliveryEvent
  | ApprovalEvent
  | BackfillEvent
  | DelegationEvent
  | DeadLetterEvent
  | DeadLetterChoiceEvent
  | ContractEvent
export type EventType = DomainEvent['type']
export type EventOf<Type extends EventType> = Extract<DomainEvent, { type: Type }>
