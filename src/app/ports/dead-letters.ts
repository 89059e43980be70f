import type { RunId, TenantId } from '../../domain/ids.ts'
import type { EventMetadata } from '../../domain/metadata.ts'
import type { Cause } from '../context.ts'

/** A run or a delivery by which something may have to be said of entries. */
export interface DueDeadLetters {
  tenant: TenantId
  subject: { kind: 'run'; id: RunId } | { kind: 'delivery'; id: string }
  cause: Cause
}

/** What is to become an entry, unless it is a retry of one: a run's failure, rows in a file, or a message. */
export interface PendingDeadLetter {
  /** Null where it is no file of rows. */
  rows: { file: string; table: string } | null
  stage: string | null
  code: string
  reason: string
  count: number
  cause: Cause
}

/** What the asking for a run or a message again says of who asked. */
export type RetryAsked = Pick<EventMetadata, Exclude<keyof EventMetadata, 'salt' | 'schema' | 'command'>> & {
  eventId: string
}

/** What the views know of entries. Lists of all tenants are bounded; a later call finds the rest. */
export interface DeadLetterWork {
  /** All about which something is left to be said. */
  due(): DueDeadLetters[]
  /** The same of one entry. */
  dueOf(tenant: TenantId, entryId: string): DueDeadLetters[]
  /** Whether there may be something to say by this run or delivery. */
  concerns(tenant: TenantId, subject: DueDeadLetters['subject']): boolean
  pending(tenant: TenantId, subject: DueDeadLetters['subject']): PendingDeadLetter[]
  /** Open entries whose run or message this is again, though they do not say so; with who asked for it. */
  unnoted(tenant: TenantId, subject: DueDeadLetters['subject']): { entryId: string; asked: RetryAsked }[]
  /** Entries whose last retry this is. */
  retriedBy(tenant: TenantId, subject: DueDeadLetters['subject']): string[]
  /** Entries that have not ended: of earlier runs of what this one has succeeded with, or of this message. */
  waitingFor(tenant: TenantId, subject: DueDeadLetters['subject']): string[]
}
