import type { Context } from 'hono'
import { listPipelines, versionsOfPipeline } from '../../../../projections/pipelines.ts'
import { pipelineIdOf } from '../../../app/ids.ts'
import type { LedgerEvent } from '../../../app/ports/ledger.ts'
import { orUnavailable } from '../../../app/unavailable.ts'
import { Rejection } from '../../../domain/codes.ts'
import { parseRunId, streamName, type TenantId } from '../../../domain/ids.ts'
import type { Env } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { type Opener, openerFor } from './personal.ts'
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
      await services.reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const asked = parameter(c, 'run_id')
      // `exec-` may also be how a run's own id begins.
      const own = await eventsOfRun(services, tenant, asked)
      const runId = own.length > 0 ? asked : asked.replace(/^(run_|exec-)/, '')
      const events = own.length > 0 ? own : await eventsOfRun(services, tenant, runId)
      if (events.length === 0) throw new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`)
      const opener = openerFor(c, services)
      return c.json({ run_id: runId, events: await Promise.all(events.map((event) => told(event, opener))) })
    },
  })

/** As the ledger holds them: no view keeps a copy. Events of types that this version does not know are left out. */
const eventsOfRun = async ({ streams }: Services, tenant: TenantId, runId: string): Promise<LedgerEvent[]> => {
  const id = parseRunId(runId)
  if (id === undefined) return []
  const events = await orUnavailable(() => streams.read(streamName('run', tenant, id), 0n))
  return events.filter(({ event }) => event !== null)
}

const told = async ({ id, type, revision, recordedAt, metadata, event }: LedgerEvent, opener: Opener) => ({
  revision: Number(revision),
  event_id: id,
  type,
  occurred_at: metadata.occurredAt,
  recorded_at: recordedAt,
  actor: metadata.actor.pseudonym,
  command: metadata.command,
  command_id: metadata.commandId,
  origin: await opener.origin(metadata.origin),
  erased: opener.isErased(metadata.actor.pseudonym),
  data: event?.data,
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
