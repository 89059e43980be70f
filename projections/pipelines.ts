import { put, type ReadDb, type Seen, type Statement, update, type View } from './projection.ts'

const pipelinesTable = 'pipelines_v2'
const versionsTable = 'pipeline_versions_v2'

/** A pipeline in its newest version. */
interface PipelineRow {
  tenant: string
  pipeline_id: string
  slug: string
  title: string | null
  description: string | null
  owner: string | null
  number: number
  version: string
  manifest_hash: string
  updated_at: string
  is_deleted: number
  /** Number of the version in each environment that it was promoted to. */
  staging: number | null
  prod: number | null
}

const keyOf = (seen: Seen<'PipelineDeleted' | 'PipelinePromoted'>) => ({
  tenant: seen.metadata.tenant,
  pipeline_id: seen.event.data.pipelineId,
})

const versioned = (seen: Seen<'PipelineCreated' | 'ManifestVersioned'>) => {
  const { pipelineId, slug, number, version, manifestHash, manifest } = seen.event.data
  const key = { tenant: seen.metadata.tenant, pipeline_id: pipelineId }
  const at = seen.metadata.occurredAt
  const row: Omit<PipelineRow, 'staging' | 'prod'> = {
    ...key,
    slug,
    title: manifest.title,
    description: manifest.description,
    owner: manifest.owner,
    number,
    version,
    manifest_hash: manifestHash,
    updated_at: at,
    is_deleted: 0,
  }
  const actor = seen.metadata.actor.pseudonym
  return [
    [
      `insert into ${pipelinesTable} (${Object.keys(row).join(', ')}) values (${Object.keys(row)
        .map(() => '?')
        .join(', ')})
        on conflict do update set slug = excluded.slug, title = excluded.title, description = excluded.description,
          owner = excluded.owner, number = excluded.number, version = excluded.version,
          manifest_hash = excluded.manifest_hash, updated_at = excluded.updated_at, is_deleted = 0`,
      ...Object.values(row),
    ] satisfies Statement,
    put(versionsTable, { ...key, number, version, manifest_hash: manifestHash, created_at: at, actor }),
  ]
}

export const pipelinesView: View = {
  name: 'pipelines',
  version: 2,
  tables: [pipelinesTable, versionsTable],
  schema: [
    `create table if not exists ${pipelinesTable} (
      tenant text, pipeline_id text, slug text, title text, description text, owner text, number integer,
      version text, manifest_hash text, updated_at text, is_deleted integer, staging integer, prod integer,
      primary key (tenant, pipeline_id)) without rowid`,
    `create index if not exists ${pipelinesTable}_slug on ${pipelinesTable} (tenant, slug)`,
    `create table if not exists ${versionsTable} (
      tenant text, pipeline_id text, number integer, version text, manifest_hash text, created_at text, actor text,
      primary key (tenant, pipeline_id, number)) without rowid`,
  ],
  handlers: {
    PipelineCreated: versioned,
    ManifestVersioned: versioned,
    PipelineDeleted: (seen) => [update(pipelinesTable, keyOf(seen), { is_deleted: 1 })],
    PipelinePromoted: (seen) => {
      const { to, number } = seen.event.data
      return to === 'dev' ? [] : [update(pipelinesTable, keyOf(seen), { [to]: number })]
    },
  },
}

/** A version of a pipeline's manifest, and who gave it. */
export interface VersionRow {
  number: number
  version: string
  manifest_hash: string
  created_at: string
  actor: string
}

export const listPipelines = (db: ReadDb, tenant: string): PipelineRow[] =>
  db.all<PipelineRow>(`select * from ${pipelinesTable} where tenant = ? and is_deleted = 0 order by slug`, tenant)

/** Oldest first; empty for a pipeline that is unknown. */
export const versionsOfPipeline = (db: ReadDb, tenant: string, pipelineId: string): VersionRow[] =>
  db.all<VersionRow>(
    `select number, version, manifest_hash, created_at, actor from ${versionsTable}
     where tenant = ? and pipeline_id = ? order by number`,
    tenant,
    pipelineId,
  )
