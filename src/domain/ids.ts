/**
 * The identities of DESIGN.md section 3, as branded strings. They are permanent from the first event on,
 * so each is made in one place only: by the parse function here, which answers undefined for anything else.
 */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type TenantId = Branded<'TenantId'>
export type Slug = Branded<'Slug'>
export type PipelineId = Branded<'PipelineId'>
export type RunId = Branded<'RunId'>
export type PartitionKey = Branded<'PartitionKey'>
export type CommandId = Branded<'CommandId'>
export type ContractName = Branded<'ContractName'>
export type StreamName = Branded<'StreamName'>

const tenantPattern = /^[A-Za-z0-9_-]{1,64}$/
const slugPattern = /^[a-z0-9][a-z0-9_-]{0,99}$/
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const runPattern = /^[A-Za-z0-9_.-]{1,128}$/
const contractPattern = /^[a-z0-9][a-z0-9_-]{0,99}$/
const partitionPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/** Slugs that would collide with a path segment of one of the dialects. */
const reservedSlugs = new Set([
  'alerts',
  'approvals',
  'backfills',
  'cancel',
  'connections',
  'contracts',
  'dlq',
  'executions',
  'generate',
  'history',
  'lineage',
  'logs',
  'manifests',
  'metrics',
  'monitoring',
  'promote',
  'replay',
  'runs',
  'schedules',
  'slo',
  'status',
  'templates',
  'trigger',
  'webhooks',
  'workflows',
])

const parser =
  <T extends string>(accepts: (text: string) => boolean) =>
  (text: string): T | undefined =>
    accepts(text) ? (text as T) : undefined

/** In lower case, of any version. */
export const isUuid = (text: string): boolean => uuidPattern.test(text)

/** `subjects` is a path below `/ledger`, where tenants are too. */
export const parseTenantId = parser<TenantId>((text) => tenantPattern.test(text) && text !== 'subjects')
export const parseSlug = parser<Slug>((text) => slugPattern.test(text) && !reservedSlugs.has(text))
export const parsePipelineId = parser<PipelineId>(isUuid)
/** `.` and `..` would be folders. */
export const parseRunId = parser<RunId>((text) => runPattern.test(text) && text !== '.' && text !== '..')
export const parsePartitionKey = parser<PartitionKey>((text) => partitionPattern.test(text) && !text.includes('..'))
export const parseContractName = parser<ContractName>((text) => contractPattern.test(text))
export const parseCommandId = parser<CommandId>(isUuid)

/** An id that the code itself made (from config or a uuid): wrong means a defect, so it throws. */
export const must = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`not a valid ${what}`)
  return value
}

export type Category =
  | 'pipeline'
  | 'run'
  | 'runlog'
  | 'partition'
  | 'lease'
  | 'access'
  | 'subject'
  | 'webhook'
  | 'delivery'
  | 'checkpoint'
  | 'ledger'
  | 'alert'
  | 'approval'
  | 'backfill'
  | 'delegation'
  | 'dlq'
  | 'contract'

/** `<category>-<tenant>.<id>` (DESIGN.md section 4). A tenant has no dot, so the first dot ends it. */
export const streamName = (category: Category, tenant: TenantId, id: string): StreamName =>
  `${category}-${tenant}.${id}` as StreamName

export const partitionStreamId = (pipeline: PipelineId, key: PartitionKey): string => `${pipeline}.${key}`
