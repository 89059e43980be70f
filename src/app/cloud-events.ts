import type { Category, TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import type { LedgerEvent } from './ports/ledger.ts'

/**
 * An event of the ledger as external systems read it: CloudEvents 1.0 in structured JSON. People appear as pseudonyms.
 * `source` and `id` together are unique for ever: whoever receives an event twice knows it by them.
 */
export interface CloudEvent {
  specversion: '1.0'
  /** UUID of the event in the ledger. */
  id: string
  /** `/ledgerline/<tenant>`. */
  source: string
  /** `ledgerline.<entity>.<EventType>`. */
  type: string
  /** Id of the entity: a run's, a pipeline's, … */
  subject: string
  /** When the ledger recorded it, ISO 8601. */
  time: string
  datacontenttype: 'application/json'
  /** `urn:ledgerline:schema:<EventType>:<version>`. */
  dataschema: string
  tenant: string
  /** Place in the entity's own stream, from 0, without a gap. */
  revision: string
  actor: string
  command: string
  correlationid: string
  causationid: string
  traceparent?: string
  data: JsonObject
}

/**
 * What no event tells outside: a signing secret is of no use to anybody else, not even sealed, and raw positions show
 * how much happens in other tenants.
 */
const hidden: ReadonlySet<string> = new Set(['secret', 'between'])

export const isTold = (field: string): boolean => !hidden.has(field)

/** Whose events external systems are told. Records of calls, identities and leases stay inside. */
const entities = [
  'pipeline',
  'run',
  'partition',
  'webhook',
  'delivery',
  'checkpoint',
  'alert',
  'approval',
  'backfill',
  'contract',
  'dlq',
] as const satisfies Category[]
export type Entity = (typeof entities)[number]

const isEntity = (text: string): text is Entity => entities.some((entity) => entity === text)

/** Null for what stays inside, and for a type that this version does not know. */
export const cloudEventOf = ({ id, stream, revision, type, event, metadata, recordedAt }: LedgerEvent) => {
  const entity = stream.slice(0, stream.indexOf('-'))
  if (event === null || !isEntity(entity)) return null
  const { tenant, schema, actor, command, correlationId, causationId, traceparent } = metadata
  const data = Object.entries(event.data as JsonObject).filter(([name]) => isTold(name))
  const cloudEvent: CloudEvent = {
    specversion: '1.0',
    id,
    source: `/ledgerline/${tenant}`,
    type: `ledgerline.${entity}.${type}`,
    subject: stream.slice(stream.indexOf('.') + 1),
    time: recordedAt,
    datacontenttype: 'application/json',
    dataschema: `urn:ledgerline:schema:${type}:${schema}`,
    tenant,
    revision: String(revision),
    actor: actor.pseudonym,
    command,
    correlationid: correlationId,
    causationid: causationId,
    ...(traceparent === undefined ? {} : { traceparent }),
    data: Object.fromEntries(data),
  }
  return { entity, cloudEvent }
}

/** Where an event is published: `events.<tenant>.<entity>.<EventType>`. */
export const eventSubject = (tenant: TenantId, entity: Entity, type: string): string =>
  `events.${tenant}.${entity}.${type}`
