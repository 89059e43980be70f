import { eventsOfStream } from '../../../../../projections/event-queries.ts'
import { versionsOfPipeline } from '../../../../../projections/pipelines.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { streamName } from '../../../../domain/ids.ts'
import { changesBetween } from '../../../../domain/pipeline/diff.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { type Found, jsonOf, pipelineIdIn, pipelineIn, pipelineParameter } from './pipeline-in.ts'
import { diffAnswer, diffQuery, lineageAnswer, versionList } from './schemas.ts'

const eventsMax = 5_000

/** What a pipeline was, and how it came to be what it is. */
export const versionOperations = (services: Services): Operation[] => [
  list(services),
  difference(services),
  lineage(services),
]

const read = { method: 'get', action: 'ReadPipelines', kind: 'query', parameters: pipelineParameter } as const

const list = (services: Services): Operation =>
  operation({
    ...read,
    path: '/manifests/{pipeline}/versions',
    summary: 'All versions of a manifest, oldest first, and who gave them',
    answers: { 200: { description: 'the versions', schema: versionList } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c) => {
      await services.reads.beforeRead(c)
      const { pipelineId, slug } = await pipelineIn(c, services)
      const versions = versionsOfPipeline(services.views, c.get('principal').tenant, pipelineId)
      return c.json({ pipeline: slug, versions })
    },
  })

const difference = (services: Services): Operation =>
  operation({
    ...read,
    path: '/manifests/{pipeline}/diff',
    summary: 'What differs between two versions',
    query: diffQuery,
    answers: { 200: { description: 'the changes, by JSON Pointer', schema: diffAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c, { query: { from, to } }) => {
      const found = await pipelineIn(c, services)
      const changes = changesBetween(manifestNo(found, from, 'from'), manifestNo(found, to, 'to'))
      return c.json({ pipeline: found.slug, from, to, changes })
    },
  })

const manifestNo = ({ state, slug }: Found, number: number, field: string) => {
  const version = state.versions.find((each) => each.number === number)
  if (version) return jsonOf(version.manifest)
  const message = `${field}: '${slug}' has versions no. 1 to ${state.versions.length}, not ${number}`
  throw new Rejection('VALIDATION_FAILED', message, { field })
}

const lineage = (services: Services): Operation =>
  operation({
    ...read,
    path: '/manifests/{pipeline}/lineage',
    summary: 'How a pipeline came to be what it is: versions, overrides, promotions, by whom; also of a deleted one',
    answers: { 200: { description: 'what happened, oldest first', schema: lineageAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c) => {
      const { reads, views } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const rows = eventsOfStream(views, tenant, streamName('pipeline', tenant, pipelineIdIn(c)), eventsMax)
      const asked = c.get('params').pipeline ?? ''
      if (rows.length === 0) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${asked}' not found`)
      const events = rows.map(({ id, type, recorded_ms, actor, summary }) => ({
        event: id,
        type,
        at: new Date(recorded_ms).toISOString(),
        actor,
        summary,
      }))
      return c.json({ pipeline: rows[0]?.pipeline ?? asked, events })
    },
  })
