import type { CommandId, TenantId } from './ids.ts'

/** Who acted. `pseudonym` is written once and never recomputed (DESIGN.md section 8). */
export interface Actor {
  pseudonym: string
  kind: 'person' | 'service'
  roles: readonly string[]
  authMethod: string
  onBehalfOf?: string
}

/** The metadata of every event (DESIGN.md section 4). Times are ISO 8601 in UTC with milliseconds. */
export interface EventMetadata {
  tenant: TenantId
  actor: Actor
  /** Name of the command. */
  command: string
  commandId: CommandId
  /** SHA-256 (hex) over the canonical command; tells a reused Idempotency-Key from a repeated request. */
  bodyHash: string
  correlationId: string
  causationId: string
  dialect: string
  requestId: string
  /** Where the call came from: a sealed address, or the name of the component. */
  origin: string
  policy: { id: string; version: string }
  approvals: readonly string[]
  occurredAt: string
  /** Version of the event type's schema. */
  schema: number
  /** 32 random bytes in base64, for evidence. */
  salt: string
  reason?: string
  ticket?: string
  traceparent?: string
}
