import type { Context } from 'hono'
import { z } from 'zod'
import { voicesOf } from '../../../../projections/approval-queries.ts'
import { hasDelegated } from '../../../../projections/delegations.ts'
import { eventsOfRun } from '../../../../projections/event-queries.ts'
import { runById } from '../../../../projections/run-queries.ts'
import { pipelineIdOf } from '../../../app/ids.ts'
import type { BundleFile, LogName } from '../../../app/ports/evidence.ts'
import { Rejection } from '../../../domain/codes.ts'
import { parsePipelineId, parseRunId, type RunId, streamName, type TenantId } from '../../../domain/ids.ts'
import type { Env } from '../../context.ts'
import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import { type Operation, operation } from '../../operation.ts'
import { demand } from '../../permission.ts'
import type { Services } from '../../services.ts'
import { runIdOf } from '../history/run.ts'
import { acceptsGzip, gzip, markUnsealed, whenSealed } from './common.ts'
import { jobOperations } from './jobs.ts'
import { periodQuery } from './schemas.ts'

const bundleType = 'application/vnd.ledgerline.evidence+json'
/** Events about a run among which the messages about it are looked for. */
const runEventsMax = 10_000

const read = { method: 'get', action: 'ReadEvidence', kind: 'query', recordedFirst: true } as const

const bundle = z.looseObject({ format: z.literal('ledgerline-evidence'), version: z.literal(1) })
const answers = (description: string): Operation['answers'] => ({
  200: { description: `${description}; as gzip on request`, schema: bundle, type: bundleType },
})

/** `/evidence`: files that prove what they say without this service. */
export const evidenceDialect = (services: Services): Dialect => ({
  name: 'evidence',
  prefix: '/evidence',
  scheme: 'bearer',
  limits: 'generous',
  operations: [ofRun(services), ofPipeline(services), ofPeriod(services), ...jobOperations(services)],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})

const ofRun = (services: Services): Operation =>
  operation({
    ...read,
    path: '/runs/{run_id}',
    summary: 'Evidence of a run: its events, those of the messages about it, of its approval and of the run it repeats',
    parameters: { run_id: 'the run, with or without a prefix' },
    answers: answers('the bundle'),
    codes: ['RUN_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c) => {
      const { evidence, reads, views } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const { run_id: asked = '' } = c.get('params')
      // `exec-` may also be how a run's own id begins.
      for (const id of new Set([parseRunId(asked), parseRunId(runIdOf(asked))])) {
        if (id === undefined) continue
        const streams = [streamName('run', tenant, id), ...relatedTo(views, tenant, id)]
        const file = await whenSealed(c, 'commands', evidence.subject(tenant, { kind: 'run', id, streams }))
        if (file) return sent(c, services, 'commands', `run-${id}`, file)
      }
      throw new Rejection('RUN_NOT_FOUND', `run '${runIdOf(asked)}' not found`)
    },
  })

/** The messages about a run, its approval, the delegations of whoever was spoken for, and the run that it repeats. */
const relatedTo = (views: Services['views'], tenant: TenantId, run: RunId): string[] => {
  const rows = eventsOfRun(views, tenant, run, Number.MAX_SAFE_INTEGER, runEventsMax)
  const streams = rows.map(({ stream }) => stream).filter((stream) => /^(delivery|approval)-/.test(stream))
  const delegators = streams
    .filter((stream) => stream.startsWith('approval-'))
    .flatMap((stream) => voicesOf(views, tenant, stream.slice(stream.indexOf('.') + 1)))
    .flatMap(({ on_behalf_of: from }) => (from !== null && hasDelegated(views, tenant, from) ? [from] : []))
  const delegations = delegators.map((from) => streamName('delegation', tenant, from))
  const repeated = parseRunId(runById(views, tenant, run)?.replay_of ?? '')
  return [...new Set([...streams, ...delegations, ...(repeated ? [streamName('run', tenant, repeated)] : [])])]
}

const ofPipeline = (services: Services): Operation =>
  operation({
    ...read,
    path: '/pipelines/{pipeline_id}',
    summary: 'Evidence of a pipeline: all versions of its manifest, and who made them',
    parameters: { pipeline_id: "the pipeline's name or id" },
    answers: answers('the bundle'),
    codes: ['PIPELINE_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c) => {
      const { evidence, reads } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const { pipeline_id: asked = '' } = c.get('params')
      const id = parsePipelineId(asked) ?? pipelineIdOf(tenant, asked)
      const streams = [streamName('pipeline', tenant, id)]
      const file = await whenSealed(c, 'commands', evidence.subject(tenant, { kind: 'pipeline', id, streams }))
      if (!file) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${asked}' not found`)
      return sent(c, services, 'commands', `pipeline-${id}`, file)
    },
  })

const ofPeriod = (services: Services): Operation =>
  operation({
    ...read,
    path: '/period',
    summary: 'Evidence of a period: every leaf of the log between two checkpoints, so that nothing can be left out',
    parameters: {},
    query: periodQuery,
    answers: answers('the bundle; the headers say between which checkpoints'),
    codes: ['LOG_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c, { query: { from, to, type = null, log } }) => {
      if (log === 'access') demand(c, services, 'ReadAccess')
      const { tenant } = c.get('principal')
      const asked = { from, to, types: type }
      const file = await whenSealed(c, log, services.evidence.period(tenant, log, asked))
      if (!file) throw new Rejection('LOG_NOT_FOUND', 'nothing has been sealed yet')
      return sent(c, services, log, `${log}-${file.first}-${file.size}`, file)
    },
  })

/** The file, and within which bounds it holds. */
const sent = (c: Context<Env>, services: Services, log: LogName, name: string, file: BundleFile): Response => {
  markUnsealed(c, services, log)
  c.header('Content-Type', bundleType)
  c.header('Content-Disposition', `attachment; filename="${c.get('principal').tenant}-${name}.evidence.json"`)
  c.header('Evidence-Begin', file.begin ?? 'beginning')
  c.header('Evidence-End', file.end)
  c.header('Evidence-Leaves', String(file.leaves))
  c.header('Vary', 'Accept-Encoding')
  const bytes = new Uint8Array(file.bytes)
  if (!acceptsGzip(c)) return c.body(bytes)
  return c.body(gzip(c, new Blob([bytes]).stream()))
}
