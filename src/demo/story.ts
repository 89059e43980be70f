/** One event of a run, as GET /history/runs/{id} shows it. */
export interface HistoryEvent {
  type: string
  occurred_at: string
  actor: string
  origin: string
  data: Record<string, unknown>
}

const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

type Teller = (data: Record<string, unknown>) => string

const tellers: Record<string, Teller> = {
  RunRequested: ({ pipeline, manifestVersion, partition }) =>
    `asks for ${text(pipeline)} ${text(manifestVersion)}${partition === null ? '' : ` on ${text(partition)}`}`,
  RunQueued: ({ attempt }) => `attempt ${text(attempt)} is due`,
  RunStarted: ({ attempt }) => `takes up attempt ${text(attempt)}`,
  StageStarted: ({ stage }) => `begins ${text(stage)}`,
  StageCompleted: ({ stage, output }) => `completes ${text(stage)}: ${text(output)}`,
  StageFailed: ({ stage, error }) => `fails at ${text(stage)}: ${text(error)}`,
  RunRetryScheduled: ({ dueAt }) => `tries again at ${text(dueAt)}`,
  LineageRecorded: ({ lineage }) => `lineage: ${flow(lineage)}`,
  OutputsCommitted: ({ files }) => `commits ${targets(files).length} files: ${targets(files).join(', ')}`,
  RunCostRecorded: ({ cost }) => `cost: ${dollars(cost)}`,
  RunSucceeded: () => 'succeeds; the outputs are published',
  RunFailed: ({ error }) => `fails: ${text(error)}`,
  RunPaused: () => 'pauses the run',
  RunResumed: () => 'resumes the run',
  RunCancelRequested: () => 'asks to cancel',
  RunCanceled: ({ removed }) => `is canceled; removed: ${targets(removed).join(', ') || 'nothing was staged'}`,
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && key in value ? (value as Record<string, unknown>)[key] : undefined

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const targets = (files: unknown): string[] => list(files).map((file) => text(field(file, 'target') ?? file))
const names = (datasets: unknown): string =>
  list(datasets)
    .map((dataset) => text(field(dataset, 'name')))
    .join(', ')
const flow = (lineage: unknown): string =>
  `${names(field(lineage, 'inputs')) || '-'} → ${names(field(lineage, 'outputs')) || '-'}`
const dollars = (cost: unknown): string =>
  `$${Number(field(cost, 'totalUsd')).toFixed(6)} for ${Number(field(cost, 'computeSeconds')).toFixed(2)} s of compute`

/** Who did what and when, a line per event. */
export const tellStory = (events: readonly HistoryEvent[]): string[] =>
  events.map(({ type, occurred_at, actor, origin, data }) => {
    const who = origin.startsWith('worker:') ? 'worker' : actor === 'system' ? origin : actor
    const what = tellers[type]?.(data) ?? type
    return `  ${occurred_at.slice(11, 23)}  ${who.padEnd(10)}  ${what}`
  })
