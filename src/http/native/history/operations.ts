import type { Context } from 'hono'
import { listPipelines, versionsOfPipeline } from '../../../../projections/pipelines.ts'
import { historyOfRun } from '../../../../projections/run-history.ts'
import { pipelineIdOf } from '../../../app/ids.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Env } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { openerFor } from './personal.ts'
import { pipelineList, pipelineVersions, runHistory } from './schemas.ts'

/** `/history/*`: what happened, event by event. */
export const historyOperations = (services: Services): Operation[] => [
  runEvents(services),
  pipelines(services),
  versions(services),
]

const runEvents = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}',
    summary: 'All that happened to a run, event by event',
    action: 'ReadHistory',
    kind: 'query',
    recordedFirst: true,
    parameters: { run_id: 'the run, with or without a prefix' },
    answers: { 200: { description: "the run's events, oldest first", schema: runHistory } },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c) => {
      const { reads, views } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const asked = parameter(c, 'run_id')
      // `exec-` may also be how a run's own id begins.
      const own = historyOfRun(views, tenant, asked)
      const runId = own.length > 0 ? asked : asked.replace(/^(run_|exec-)/, '')
      const rows = own.length > 0 ? own : historyOfRun(views, tenant, runId)
      if (rows.length === 0) throw new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`)
      const opener = openerFor(c, services)
      const events = await Promise.all(
        rows.map(async ({ data, tenant: _, run_id: __, origin, ...event }) => ({
          ...event,
          origin: await opener.origin(origin),
          erased: opener.isErased(event.actor),
          data: JSON.parse(data) as unknown,
        })),
      )
      return c.json({ run_id: runId, events })
    },
  })

const pipelines = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/pipelines',
    summary: 'The pipelines in their newest versions',
    action: 'ReadPipelines',
    kind: 'query',
    recordedFirst: true,
    parameters: {},
    answers: { 200: { description: 'all pipelines of the tenant, by name', schema: pipelineList } },
    codes: [],
    handle: async (c) => {
      await reads.beforeRead(c)
      const rows = listPipelines(views, c.get('principal').tenant)
      return c.json({ pipelines: rows.map(({ tenant: _, is_deleted: __, ...pipeline }) => pipeline) })
    },
  })

const versions = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/pipelines/{slug}',
    summary: "The versions of a pipeline's manifest",
    action: 'ReadPipelines',
    kind: 'query',
    recordedFirst: true,
    parameters: { slug: "the pipeline's name" },
    answers: { 200: { description: 'its versions, oldest first', schema: pipelineVersions } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c) => {
      await reads.beforeRead(c)
      const slug = parameter(c, 'slug')
      const { tenant } = c.get('principal')
      const found = versionsOfPipeline(views, tenant, pipelineIdOf(tenant, slug))
      if (found.length === 0) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${slug}' not found`)
      return c.json({ slug, versions: found })
    },
  })

const parameter = (c: Context<Env>, name: string): string => c.get('params')[name] ?? ''
