import { listRuns, stagesOfRun } from '../../../../projections/run-queries.ts'
import { runs } from '../../../app/aggregates.ts'
import { pipelineIdOf } from '../../../app/ids.ts'
import { requestRun } from '../../../app/request-run.ts'
import { Rejection } from '../../../domain/codes.ts'
import { parseSlug } from '../../../domain/ids.ts'
import { commandContext } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import { idsOfNewRun, prefixedRunId, runIdIn, runIn } from '../../run-ids.ts'
import type { Services } from '../../services.ts'
import { canceled, listed, listQuery, statusAnswer, triggerBody, triggered } from './schemas.ts'
import { shownRun, shownStatus, shownTime, statusesOf } from './translate.ts'
import { webhookOperations } from './webhooks.ts'

const dialect = 'batch'
const runParameter = { run_id: 'the run, with or without `run_`' }

/** `/api/pipeline`: the batch document, route by route. */
export const batchOperations = (services: Services): Operation[] => [
  trigger(services),
  status(services),
  list(services),
  cancel(services),
  ...webhookOperations(services),
]

const trigger = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    method: 'post',
    path: '/trigger/{pipeline}',
    summary: 'Trigger a run of a pipeline',
    action: 'RequestRun',
    kind: 'command',
    parameters: { pipeline: "the pipeline's name" },
    body: triggerBody,
    answers: { 200: { description: 'the run was asked for', schema: triggered } },
    codes: ['PIPELINE_NOT_FOUND', 'RUN_EXISTS', 'RUN_ACTIVE', 'CLAIM_LOST'],
    handle: async (c, { body: { batchId, partition, parameters, runId: chosen } }) => {
      const name = c.get('params').pipeline ?? ''
      const slug = parseSlug(name)
      if (slug === undefined) throw new Rejection('PIPELINE_NOT_FOUND', `Pipeline '${name}' not found`)
      const asked = { batchId, partition, parameters, chosen: chosen ?? null }
      const context = commandContext(c, dialect, asked, nowMs())
      const ids = idsOfNewRun(c, context, chosen, nowMs())
      const handled = await requestRun(
        commands,
        {
          pipelineName: name,
          pipelineId: pipelineIdOf(context.tenant, slug),
          ...ids,
          partition,
          batchId,
          parameters,
        },
        context,
      )
      reads.wrote(c, handled)
      return c.json({
        run_id: prefixedRunId(ids.runId),
        pipeline: name,
        status: 'STARTED',
        batch_id: batchId,
        started_at: shownTime(handled.events[0]?.metadata.occurredAt ?? context.at),
      })
    },
  })

const status = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/status/{run_id}',
    summary: 'Status of a run and of its assets',
    action: 'ReadRuns',
    kind: 'query',
    parameters: runParameter,
    answers: { 200: { description: 'the run as it stands; a failed one has `error` too', schema: statusAnswer } },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c) => {
      const run = await runIn(c, services)
      const { tenant, run_id: runId } = run
      return c.json(shownStatus(run, stagesOfRun(services.views, tenant, runId)))
    },
  })

const list = ({ views, reads }: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs',
    summary: 'Runs, newest first',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: listQuery,
    answers: { 200: { description: 'a page of runs', schema: listed } },
    codes: [],
    handle: async (c, { query: { pipeline, status, batch_id, limit, page } }) => {
      await reads.beforeRead(c)
      const filter = {
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(status === undefined ? {} : { statuses: statusesOf(status) }),
        ...(batch_id === undefined ? {} : { batchId: batch_id }),
      }
      const { tenant } = c.get('principal')
      const { rows, total } = listRuns(views, tenant, filter, { limit, offset: (page - 1) * limit })
      return c.json({ runs: rows.map(shownRun), total, page, per_page: limit })
    },
  })

const cancel = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    method: 'post',
    path: '/cancel/{run_id}',
    summary: 'Ask for the cancellation of a run',
    action: 'CancelRun',
    kind: 'command',
    parameters: runParameter,
    answers: { 200: { description: 'the cancellation was asked for', schema: canceled } },
    codes: ['RUN_NOT_FOUND', 'RUN_NOT_ACTIVE', 'RUN_COMMITTED'],
    handle: async (c) => {
      const runId = runIdIn(c)
      const context = commandContext(c, dialect, { runId }, nowMs())
      reads.wrote(c, await commands.handle(runs, runId, { type: 'CancelRun', runId }, context))
      return c.json({ run_id: prefixedRunId(runId), status: 'CANCELING', message: 'Pipeline cancellation requested' })
    },
  })
