import { type Context, Hono } from 'hono'
import { listRuns, runById, stagesOfRun } from '../../../../projections/run-queries.ts'
import { runs } from '../../../app/aggregates.ts'
import { derivedCommandId, pipelineIdOf, uuidv7 } from '../../../app/ids.ts'
import { requestRun } from '../../../app/request-run.ts'
import { Rejection } from '../../../domain/codes.ts'
import { must, parseRunId, parseSlug, type RunId } from '../../../domain/ids.ts'
import { commandContext, type Env, idempotencyKey } from '../../context.ts'
import type { Services } from '../../services.ts'
import { jsonBody, queryOf } from '../../validate.ts'
import { listQuery, triggerBody } from './schemas.ts'
import { runIdFromBatch, shownRun, shownRunId, shownStatus, shownTime, statusesOf } from './translate.ts'

const dialect = 'batch'

/** `/api/pipeline`: the batch document, route by route. */
export const batchRoutes = ({ commands, views, reads, nowMs }: Services): Hono<Env> => {
  const app = new Hono<Env>()

  app.post('/trigger/:pipeline', async (c) => {
    const name = c.req.param('pipeline')
    const slug = parseSlug(name)
    if (slug === undefined) throw new Rejection('PIPELINE_NOT_FOUND', `Pipeline '${name}' not found`)
    const { batchId, partition, parameters, runId: chosen } = await jsonBody(c, triggerBody)
    const asked = { batchId, partition, parameters, chosen: chosen ?? null }
    const context = commandContext(c, dialect, asked, nowMs())
    const keyed = idempotencyKey(c) !== undefined
    const drawn = drawRunId(keyed ? derivedCommandId(context.commandId, 'run') : uuidv7(nowMs()))
    const runId = chosen ?? drawn
    const { events, position } = await requestRun(
      commands,
      {
        pipelineName: name,
        pipelineId: pipelineIdOf(context.tenant, slug),
        runId,
        runIdChosen: keyed || chosen !== undefined,
        keyedRunId: keyed ? drawn : null,
        partition,
        batchId,
        parameters,
      },
      context,
    )
    reads.wrote(c, position)
    return c.json({
      run_id: shownRunId(runId),
      pipeline: name,
      status: 'STARTED',
      batch_id: batchId,
      started_at: shownTime(events[0]?.metadata.occurredAt ?? context.at),
    })
  })

  app.get('/status/:run_id', async (c) => {
    const runId = runIdOf(c)
    await reads.beforeRead(c)
    const { tenant } = c.get('principal')
    const run = runById(views, tenant, runId)
    if (!run) throw notFound(runId)
    return c.json(shownStatus(run, stagesOfRun(views, tenant, runId)))
  })

  app.get('/runs', async (c) => {
    const { pipeline, status, batch_id, limit, page } = queryOf(c, listQuery)
    await reads.beforeRead(c)
    const filter = {
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(status === undefined ? {} : { statuses: statusesOf(status) }),
      ...(batch_id === undefined ? {} : { batchId: batch_id }),
    }
    const { tenant } = c.get('principal')
    const { rows, total } = listRuns(views, tenant, filter, { limit, offset: (page - 1) * limit })
    return c.json({ runs: rows.map(shownRun), total, page, per_page: limit })
  })

  app.post('/cancel/:run_id', async (c) => {
    const runId = runIdOf(c)
    const context = commandContext(c, dialect, { runId }, nowMs())
    const { position } = await commands.handle(runs, runId, { type: 'CancelRun', runId }, context)
    reads.wrote(c, position)
    return c.json({ run_id: shownRunId(runId), status: 'CANCELING', message: 'Pipeline cancellation requested' })
  })

  return app
}

const drawRunId = (uuid: string): RunId => must(parseRunId(uuid), 'run id')

const runIdOf = (c: Context<Env, '/:run_id'>): RunId => {
  const text = c.req.param('run_id')
  const runId = parseRunId(runIdFromBatch(text))
  if (runId === undefined) throw notFound(runIdFromBatch(text))
  return runId
}

const notFound = (runId: string): Rejection => new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`, { runId })
