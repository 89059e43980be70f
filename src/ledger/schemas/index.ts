import { z } from 'zod'
import type { EventOf, EventType } from '../../domain/events.ts'
import type { EventMetadata } from '../../domain/metadata.ts'
import { isSealed } from '../../domain/sealed.ts'
import { accessSchemas } from './access.ts'
import { actor } from './actor.ts'
import { alertSchemas } from './alert.ts'
import { approvalSchemas } from './approval.ts'
import { backfillSchemas } from './backfill.ts'
import { commandId, count, runId, tenantId } from './common.ts'
import { contractSchemas } from './contract.ts'
import { deadLetterSchemas } from './dead-letter.ts'
import { pipelineSchemas } from './pipeline.ts'
import { runSchemas } from './run.ts'
import { runLogSchemas } from './run-log.ts'
import { webhookSchemas } from './webhook.ts'

const logName = z.enum(['commands', 'access'])
const root = z.string().regex(/^[0-9a-f]{64}$/)
const holders = z.array(z.object({ runId, commandId, at: z.string() }))

/** One schema per event type, for its newest version; older versions are upcast before they are parsed. */
export const schemas: { [Type in EventType]: z.ZodType<EventOf<Type>['data']> } = {
  ...runSchemas,
  ...runLogSchemas,
  ...accessSchemas,
  ...alertSchemas,
  ...webhookSchemas,
  ...approvalSchemas,
  ...backfillSchemas,
  ...pipelineSchemas,
  ...contractSchemas,
  ...deadLetterSchemas,
  PartitionClaimed: z.object({ runId, commandId, holders }),
  PartitionReleased: z.object({ runId, commandId, holders }),
  LedgerNamed: z.object({ name: z.string() }),
  CheckpointSigned: z.object({
    log: logName,
    size: count,
    root,
    note: z.string(),
  }),
  CheckpointCosigned: z.object({
    log: logName,
    size: count,
    root,
    cosignatures: z.array(z.string()),
    witnessed: z.boolean(),
  }),
  LogKeyAdded: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/), publicKey: z.base64() }),
  LeaseTaken: z.object({ role: z.string(), owner: z.string(), epoch: count, until: z.string() }),
}

/** A component by its name, or a worker by its host's and its life's. Neither form has room for an address. */
const component = /^(?:[a-z][a-z0-9-]{0,63}|worker:[A-Za-z0-9-]{1,64}\.[A-Za-z0-9-]{1,64})$/

/** Where a command came from: a component of ours, or a caller's address, sealed. Checked on every write. */
export const isOrigin = (value: unknown): boolean =>
  typeof value === 'string' && (component.test(value) || isSealed(value))
export const originRefused = 'origin is neither the name of a component nor sealed'

export const metadataSchema: z.ZodType<EventMetadata> = z.object({
  tenant: tenantId,
  actor,
  command: z.string(),
  commandId,
  bodyHash: z.string(),
  correlationId: z.string(),
  causationId: z.string(),
  dialect: z.string(),
  requestId: z.string(),
  origin: z.string().refine(isOrigin, originRefused),
  policy: z.object({ id: z.string(), version: z.string() }),
  approvals: z.array(z.string()),
  occurredAt: z.string(),
  schema: count,
  salt: z.string(),
  reason: z.string().exactOptional(),
  ticket: z.string().exactOptional(),
  traceparent: z.string().exactOptional(),
})
