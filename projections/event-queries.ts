import { type FilterColumn, indexOf, isIndexed } from './event-history.ts'
import { type EventRow, eventsTable, streamsTable } from './event-rows.ts'
import type { ReadDb, SqlValue } from './projection.ts'

/** Rows that are looked at in one go, so that nobody else waits long. */
const sliceRowsMax = 2_000
/** A page that would have to look further ends there. */
const slicesMax = 500

/** An event fits when one of them holds. */
export type Condition = readonly { column: FilterColumn; value: string }[]

export interface EventFilter {
  /** All of them must hold. */
  conditions: readonly Condition[]
  hiddenTypes: readonly string[]
  /** Part of the sentence; capitals are as small letters. */
  text?: string
}

/** Positions: `after` is not included, `until` is. */
interface Span {
  after: number
  until: number
}

export interface EventPage {
  rows: EventRow[]
  /** Up to where everything that fits is in this page or in one before. */
  end: number
  /** Whether there may be more up to `until`. */
  more: boolean
}

/** One way to walk the tenant's events: by an index, in ledger order. */
interface Walk {
  from: string
  parameters: SqlValue[]
}

const walkAll = (tenant: string): Walk => ({
  from: `${eventsTable} indexed by ${indexOf('tenant')} where tenant = ?`,
  parameters: [tenant],
})

const walksOf = (tenant: string, condition: Condition): Walk[] =>
  condition.map(({ column, value }) => ({
    from: `${eventsTable} indexed by ${indexOf(column)} where tenant = ? and ${column} = ?`,
    parameters: [tenant, value],
  }))

/** Where a walk of the most rows ends. */
const reachOf = (db: ReadDb, { from, parameters }: Walk, { after, until }: Span): number =>
  db.get<{ position: number }>(
    `select position from ${from} and position > ? and position <= ? order by position limit 1 offset ?`,
    ...parameters,
    after,
    until,
    sliceRowsMax - 1,
  )?.position ?? until

/** What has to hold besides; the sign keeps SQLite from walking by it. */
const restOf = ({ conditions, hiddenTypes, text }: EventFilter): { sql: string; parameters: SqlValue[] } => {
  const parts = conditions.map((condition) => `(${condition.map(({ column }) => `+${column} = ?`).join(' or ')})`)
  if (hiddenTypes.length > 0) parts.push(`+type not in (${hiddenTypes.map(() => '?').join(', ')})`)
  if (text !== undefined) parts.push('instr(lower(summary), lower(?)) > 0')
  return {
    sql: parts.map((part) => ` and ${part}`).join(''),
    parameters: [
      ...conditions.flatMap((condition) => condition.map(({ value }) => value)),
      ...hiddenTypes,
      ...(text === undefined ? [] : [text]),
    ],
  }
}

/** The next rows, by the condition that leads the furthest. */
const slice = (db: ReadDb, tenant: string, filter: EventFilter, span: Span, rowsMax: number) => {
  let best: { walks: Walk[]; end: number } | undefined
  const leading = filter.conditions.filter((condition) => condition.every(({ column }) => isIndexed(column)))
  for (const walks of [[walkAll(tenant)], ...leading.map((condition) => walksOf(tenant, condition))]) {
    const end = Math.min(span.until, ...walks.map((walk) => reachOf(db, walk, span)))
    if (!best || end > best.end) best = { walks, end }
  }
  const { walks = [], end = span.until } = best ?? {}
  const rest = restOf(filter)
  const found = new Map<number, EventRow>()
  for (const { from, parameters } of walks) {
    const rows = db.all<EventRow>(
      `select * from ${from} and position > ? and position <= ?${rest.sql} order by position limit ?`,
      ...parameters,
      span.after,
      end,
      ...rest.parameters,
      rowsMax,
    )
    for (const row of rows) found.set(row.position, row)
  }
  return { end, rows: [...found.values()].sort((a, b) => a.position - b.position).slice(0, rowsMax) }
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The next events that fit, in ledger order. Lets others have their turn in between. */
export const pageOfEvents = async (
  db: ReadDb,
  tenant: string,
  filter: EventFilter,
  { after, until, limit }: Span & { limit: number },
): Promise<EventPage> => {
  const rows: EventRow[] = []
  let reached = after
  for (let slices = 0; reached < until && slices < slicesMax; slices += 1) {
    if (slices > 0) await breath()
    const found = slice(db, tenant, filter, { after: reached, until }, limit + 1 - rows.length)
    rows.push(...found.rows)
    if (rows.length > limit) {
      const page = rows.slice(0, limit)
      return { rows: page, end: page.at(-1)?.position ?? after, more: true }
    }
    reached = found.end
  }
  return { rows, end: Math.max(after, reached), more: reached < until }
}

/** When the newest event became known, in ms since 1970; -1 when there is none. */
export const lastKnownMs = (db: ReadDb): number =>
  db.get<{ known_ms: number }>(`select known_ms from ${eventsTable} order by position desc limit 1`)?.known_ms ?? -1

/** Where the ledger stood at a time, in ms since 1970: the position of the last event by then; -1 before the first. */
export const positionAt = (db: ReadDb, ms: number): number => {
  const atOrBelow = (position: number) =>
    db.get<{ position: number; known_ms: number }>(
      `select position, known_ms from ${eventsTable} where position <= ? order by position desc limit 1`,
      position,
    )
  let high = atOrBelow(Number.MAX_SAFE_INTEGER)?.position ?? -1
  let low = -1
  // All up to `low` were known by then, and nothing after `high` was.
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2)
    const event = atOrBelow(middle)
    if (!event || event.known_ms <= ms) low = middle
    else high = event.position - 1
  }
  return atOrBelow(low)?.position ?? -1
}

/** What a run has to do with, oldest first. */
export const eventsOfRun = (db: ReadDb, tenant: string, run: string, until: number, rowsMax: number): EventRow[] =>
  db.all<EventRow>(
    `select * from ${eventsTable} indexed by ${indexOf('run')}
     where tenant = ? and run = ? and position <= ? order by position limit ?`,
    tenant,
    run,
    until,
    rowsMax,
  )

/** Of one stream, oldest first. What has no pipeline is found by nobody. */
export const eventsOfStream = (db: ReadDb, tenant: string, stream: string, rowsMax: number): EventRow[] =>
  db.all<EventRow>(
    `select * from ${eventsTable} indexed by ${indexOf('pipeline')}
     where tenant = ? and pipeline = (select pipeline from ${streamsTable} where stream = ?) and stream = ?
     order by position limit ?`,
    tenant,
    stream,
    stream,
    rowsMax,
  )
