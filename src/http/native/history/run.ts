import type { EventRow } from '../../../../projections/event-rows.ts'

/** A run's id without what dialects put before it. */
export const runIdOf = (text: string): string => text.replace(/^(run_|exec-)/, '')

/** Streams are `<entity>-<tenant>.<id>`. */
export const entityOf = ({ stream }: Pick<EventRow, 'stream'>) => ({
  entity: stream.slice(0, stream.indexOf('-')),
  entity_id: stream.slice(stream.indexOf('.') + 1),
})

/** An event as it is shown, in the order of its columns in CSV. */
export const shownEvent = (row: EventRow) => ({
  event_id: row.id,
  recorded_at: new Date(row.recorded_ms).toISOString(),
  type: row.type,
  ...entityOf(row),
  revision: row.revision,
  command: row.command,
  actor: row.actor,
  on_behalf_of: row.on_behalf_of,
  pipeline: row.pipeline,
  run: row.run,
  environment: row.environment,
  outcome: row.outcome,
  command_id: row.command_id,
  correlation_id: row.correlation_id,
  causation_id: row.causation_id,
  summary: row.summary,
})
export type ShownEvent = ReturnType<typeof shownEvent>
