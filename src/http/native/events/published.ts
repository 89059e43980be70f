import {
  alerts,
  approvals,
  backfills,
  breakGlassAlerts,
  checkpoints,
  deliveries,
  partitions,
  pipelines,
  runs,
  sloAlerts,
  webhooks,
} from '../../../app/aggregates.ts'
import type { Entity } from '../../../app/cloud-events.ts'
import { contracts } from '../../../app/contracts.ts'
import { deadLetterChoices, deadLetters } from '../../../app/governance-aggregates.ts'
import type { EventType } from '../../../domain/events.ts'

const published: Readonly<Record<Entity, Partial<Record<EventType, true>>>> = {
  pipeline: pipelines.types,
  run: runs.types,
  partition: partitions.types,
  webhook: webhooks.types,
  delivery: deliveries.types,
  checkpoint: checkpoints.types,
  alert: { ...alerts.types, ...sloAlerts.types, ...breakGlassAlerts.types },
  approval: approvals.types,
  backfill: backfills.types,
  contract: contracts.types,
  dlq: { ...deadLetters.types, ...deadLetterChoices.types },
}

const isEntity = (text: string): text is Entity => Object.hasOwn(published, text)
const namesOf = (types: Partial<Record<EventType, true>>) => Object.keys(types) as EventType[]

/** What the outside is told of. */
export const entities: readonly Entity[] = Object.keys(published).filter(isEntity)
export const typesOf = (entity: Entity): readonly EventType[] => namesOf(published[entity])
export const publishedTypes: readonly EventType[] = entities.flatMap(typesOf)
