import type { EventRow } from '../../../../projections/event-rows.ts'
import { version } from '../../../app/version.ts'
import type { ExportFormat } from './query.ts'
import { type ShownEvent, shownEvent } from './run.ts'

/** What an export says of itself when it is complete. */
export interface ExportEnd {
  exported_at: string
  events: number
  more: boolean
  next: string
  as_of: string
  checkpoint: { log: string; size: number; root: string; note: string; recorded_at: string } | null
  statement: string
}

/** `end` is a line like the others, so that who misses it knows that the export broke off. */
export interface Format {
  type: 'text/csv' | 'application/x-ndjson'
  head: string
  line(row: EventRow): string
  end(end: ExportEnd): string
}

const columns = [
  'record',
  'event_id',
  'recorded_at',
  'type',
  'entity',
  'entity_id',
  'revision',
  'command',
  'actor',
  'on_behalf_of',
  'pipeline',
  'run',
  'environment',
  'outcome',
  'command_id',
  'correlation_id',
  'causation_id',
  'summary',
] as const satisfies readonly (keyof ShownEvent | 'record')[]

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it. */
const cell = (value: string | number | null): string => {
  const text = String(value ?? '').replace(/^[=+\-@\t\r]/, "'$&")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const csvLine = (values: Readonly<Record<string, string | number | null>>): string =>
  `${columns.map((column) => cell(values[column] ?? null)).join(',')}\r\n`

const csv: Format = {
  type: 'text/csv',
  head: `${columns.join(',')}\r\n`,
  line: (row) => csvLine({ record: 'event', ...shownEvent(row) }),
  end: (end) => csvLine({ record: 'end', recorded_at: end.exported_at, summary: JSON.stringify(end) }),
}

const ndjson: Format = {
  type: 'application/x-ndjson',
  head: '',
  line: (row) => `${JSON.stringify({ record: 'event', ...shownEvent(row) })}\n`,
  end: (end) => `${JSON.stringify({ record: 'end', ...end })}\n`,
}

const classUid = 6003
const creates = /(Requested|Created|Registered|Claimed|Scheduled|Placed)$/
const deletes = /(Deleted|Erased|Released)$/
const activities = { create: 1, read: 2, update: 3, delete: 4 } as const
type Activity = keyof typeof activities
const activityOf = (type: string): Activity =>
  creates.test(type) ? 'create' : deletes.test(type) ? 'delete' : 'update'

/** API Activity of OCSF 1.3. Addresses are sealed, so the endpoint that the class demands has none. */
const apiActivity = (activity: Activity, about: { uid: string; at: string; actor: string; operation: string }) => ({
  category_uid: 6,
  class_uid: classUid,
  activity_id: activities[activity],
  type_uid: classUid * 100 + activities[activity],
  time: Date.parse(about.at),
  severity_id: 1,
  metadata: { version: '1.3.0', uid: about.uid, product: { name: 'Ledgerline', vendor_name: 'Ledgerline', version } },
  actor: { user: { uid: about.actor } },
  api: { operation: about.operation },
  src_endpoint: { name: 'undisclosed' },
})

const statusOf = ({ outcome }: ShownEvent): number => (outcome === 'failed' || outcome === 'rejected' ? 2 : 1)

const ocsf: Format = {
  type: 'application/x-ndjson',
  head: '',
  line: (row) => {
    const event = shownEvent(row)
    const { event_id: uid, recorded_at: at, actor, command: operation, summary, type, entity, entity_id } = event
    const { on_behalf_of, revision, pipeline, run, environment, outcome, command_id, correlation_id, causation_id } =
      event
    const activity = apiActivity(activityOf(type), { uid, at, actor, operation })
    return `${JSON.stringify({
      ...activity,
      metadata: { ...activity.metadata, correlation_uid: correlation_id, event_code: type },
      status_id: statusOf(event),
      message: summary,
      resources: [{ type: entity, uid: entity_id }],
      unmapped: { revision, on_behalf_of, pipeline, run, environment, outcome, command_id, causation_id },
    })}\n`
  },
  end: (end) => {
    const about = { uid: `export-${end.as_of}`, at: end.exported_at, actor: 'system', operation: 'ExportHistory' }
    const activity = apiActivity('read', about)
    return `${JSON.stringify({ ...activity, status_id: 1, message: end.statement, unmapped: { ...end } })}\n`
  },
}

export const formatsByName: Readonly<Record<ExportFormat, Format>> = { csv, ndjson, ocsf }
