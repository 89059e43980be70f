import { Hono } from 'hono'
import { listPipelines, versionsOfPipeline } from '../../../projections/pipelines.ts'
import { historyOfRun } from '../../../projections/run-history.ts'
import { pipelineIdOf } from '../../app/ids.ts'
import { Rejection } from '../../domain/codes.ts'
import type { Env } from '../context.ts'
import type { Services } from '../services.ts'

/** `/history/*`: what happened, event by event. */
export const historyRoutes = ({ views, reads }: Services): Hono<Env> => {
  const app = new Hono<Env>()

  app.get('/runs/:run_id', async (c) => {
    await reads.beforeRead(c)
    const runId = c.req.param('run_id').replace(/^(run_|exec-)/, '')
    const rows = historyOfRun(views, c.get('principal').tenant, runId)
    if (rows.length === 0) throw new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`)
    const events = rows.map(({ data, tenant: _, run_id: __, ...event }) => ({
      ...event,
      data: JSON.parse(data) as unknown,
    }))
    return c.json({ run_id: runId, events })
  })

  app.get('/pipelines', async (c) => {
    await reads.beforeRead(c)
    const rows = listPipelines(views, c.get('principal').tenant)
    return c.json({ pipelines: rows.map(({ tenant: _, ...pipeline }) => pipeline) })
  })

  app.get('/pipelines/:slug', async (c) => {
    await reads.beforeRead(c)
    const slug = c.req.param('slug')
    const { tenant } = c.get('principal')
    const versions = versionsOfPipeline(views, tenant, pipelineIdOf(tenant, slug))
    if (versions.length === 0) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${slug}' not found`)
    return c.json({ slug, versions })
  })

  return app
}
