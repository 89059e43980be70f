import type { Context } from 'hono'
import { pipelines } from '../../../../app/aggregates.ts'
import { pipelineIdOf } from '../../../../app/ids.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { type PipelineId, parsePipelineId, parseSlug, type Slug } from '../../../../domain/ids.ts'
import type { JsonObject } from '../../../../domain/json.ts'
import type { Manifest } from '../../../../domain/pipeline/manifest.ts'
import { currentVersion, type Pipeline } from '../../../../domain/pipeline/state.ts'
import type { Env } from '../../../context.ts'
import type { ManifestReader, Services } from '../../../services.ts'

export const pipelineParameter = { pipeline: "the pipeline's name or id" }

/** A pipeline that is there. */
export interface Found {
  pipelineId: PipelineId
  slug: Slug
  state: Pipeline
}

export const pipelineIdIn = (c: Context<Env>): PipelineId => {
  const { pipeline: asked = '' } = c.get('params')
  const id = parsePipelineId(asked)
  if (id !== undefined) return id
  const slug = parseSlug(asked)
  if (slug === undefined) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${asked}' not found`)
  return pipelineIdOf(c.get('principal').tenant, slug)
}

/** Read from the ledger, so that it is what a command would be decided on. */
export const pipelineIn = async (c: Context<Env>, { commands }: Services): Promise<Found> => {
  const pipelineId = pipelineIdIn(c)
  const { state } = await commands.load(pipelines, c.get('principal').tenant, pipelineId)
  if (state.slug !== null && !state.isDeleted) return { pipelineId, slug: state.slug, state }
  throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${c.get('params').pipeline ?? ''}' not found`)
}

/** `"<number>"` of the newest version. */
export const etagOf = (state: Pipeline): string => `"${currentVersion(state)?.number ?? 0}"`

/** The version that the caller has seen; null where it does not say, or says `*`. */
export const ifMatchIn = (c: Context<Env>): number | null => {
  const said = c.req.header('if-match')
  if (said === undefined || said.trim() === '*') return null
  const number = /^\s*"([1-9]\d{0,8})"\s*$/.exec(said)?.[1]
  if (number !== undefined) return Number(number)
  throw new Rejection('VALIDATION_FAILED', 'If-Match: must be an ETag that this API has given, such as "3"', {
    field: 'If-Match',
  })
}

export const jsonOf = (manifest: Manifest): JsonObject => JSON.parse(JSON.stringify(manifest)) as JsonObject

/** The manifest that a body gives. Throws VALIDATION_FAILED that names the first place and says how many there are. */
export const manifestIn = (manifests: ManifestReader, given: JsonObject | string) => {
  const read = typeof given === 'string' ? manifests.readText(given) : manifests.read(given)
  if (!('problems' in read)) return read
  const [problem] = read.problems
  const field = ['manifest', problem?.path].filter(Boolean).join('.')
  const more =
    read.problems.length > 1 ? ` (and ${read.problems.length - 1} more; POST /pipelines/validate lists all)` : ''
  throw new Rejection('VALIDATION_FAILED', `${field}: ${problem?.message ?? 'is no manifest'}${more}`, { field })
}
