import { put, type ReadDb, type Seen, type View } from './projection.ts'

const pipelinesTable = 'pipelines_v1'
const versionsTable = 'pipeline_versions_v1'

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
}

const versioned = (seen: Seen<'PipelineCreated' | 'ManifestVersioned'>) => {
  const { pipelineId, slug, number, version, manifestHash, manifest } = seen.event.data
  const key = { tenant: seen.metadata.tenant, pipeline_id: pipelineId }
  const at = seen.metadata.occurredAt
  const row: PipelineRow = {
    ...key,
    slug,
    title: manifest.title,
    description: manifest.description,
    owner: manifest.owner,
    number,
    version,
    manifest_hash: manifestHash,
    updated_at: at,
  }
  const actor = seen.metadata.actor.pseudonym
  return [
    put(pipelinesTable, { ...row }),
    put(versionsTable, { ...key, number, version, manifest_hash: manifestHash, created_at: at, actor }),
  ]
}

export const pipelinesView: View = {
  name: 'pipelines',
  version: 1,
  tables: [pipelinesTable, versionsTable],
  schema: [
    `create table if not exists ${pipelinesTable} (
      tenant text, pipeline_id text, slug text, title text, description text, owner text, number integer,
      version text, manifest_hash text, updated_at text, primary key (tenant, pipeline_id)) without rowid`,
    `create index if not exists ${pipelinesTable}_slug on ${pipelinesTable} (tenant, slug)`,
    `create table if not exists ${versionsTable} (
      tenant text, pipeline_id text, number integer, version text, manifest_hash text, created_at text, actor text,
      primary key (tenant, pipeline_id, number)) without rowid`,
  ],
  handlers: { PipelineCreated: versioned, ManifestVersioned: versioned },
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
  db.all<PipelineRow>(`select * from ${pipelinesTable} where tenant = ? order by slug`, tenant)

/** Oldest first; empty for a pipeline that is unknown. */
export const versionsOfPipeline = (db: ReadDb, tenant: string, pipelineId: string): VersionRow[] =>
  db.all<VersionRow>(
    `select number, version, manifest_hash, created_at, actor from ${versionsTable}
     where tenant = ? and pipeline_id = ? order by number`,
    tenant,
    pipelineId,
  )
