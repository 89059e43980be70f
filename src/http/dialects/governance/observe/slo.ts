import type { z } from 'zod'
import { pastOfRuns } from '../../../../../projections/alert-work.ts'
import { listPipelines } from '../../../../../projections/pipelines.ts'
import { pipelines } from '../../../../app/aggregates.ts'
import { must, parsePipelineId, type TenantId } from '../../../../domain/ids.ts'
import { effectiveIn, type Pipeline } from '../../../../domain/pipeline/state.ts'
import { sloOf } from '../../../../domain/slo/adherence.ts'
import { dayMs, measuredOf } from '../../../../domain/slo/measured.ts'
import { maxDurationMsOf, objectivesOf } from '../../../../domain/slo/objectives.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { pipelineIn, pipelineParameter } from '../manifests/pipeline-in.ts'
import { isoOf } from './period.ts'
import { sloAnswer, sloList, sloListQuery, sloQuery, windowDays } from './slo-schemas.ts'

export const sloOfPipeline = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/{pipeline}/slo',
    summary: "A pipeline's objectives in an environment, how far they are met, and what is left of the error budget",
    action: 'ReadPipelines',
    kind: 'query',
    parameters: pipelineParameter,
    query: sloQuery,
    answers: { 200: { description: 'the objectives and how far they are met', schema: sloAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c, { query }) => {
      await services.reads.beforeRead(c)
      const { state } = await pipelineIn(c, services)
      return c.json(shown(services, c.get('principal').tenant, state, query))
    },
  })

/** Manifests are read from the ledger, one pipeline after the other: hence the pages. */
export const sloOfAll = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/slo',
    summary: 'The same of all pipelines, by name',
    action: 'ReadPipelines',
    kind: 'query',
    parameters: {},
    query: sloListQuery,
    answers: { 200: { description: 'a page of pipelines', schema: sloList } },
    codes: [],
    handle: async (c, { query: { limit, page, ...query } }) => {
      const { commands, reads, views } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const all = listPipelines(views, tenant)
      const slos: z.input<typeof sloAnswer>[] = []
      for (const { pipeline_id } of all.slice((page - 1) * limit, page * limit)) {
        const { state } = await commands.load(pipelines, tenant, must(parsePipelineId(pipeline_id), 'pipeline id'))
        slos.push(shown(services, tenant, state, query))
      }
      return c.json({ slos, total: all.length, page, per_page: limit } satisfies z.input<typeof sloList>)
    },
  })

const shown = (
  { views, nowMs }: Services,
  tenant: TenantId,
  state: Pipeline,
  { window, environment }: z.output<typeof sloQuery>,
): z.input<typeof sloAnswer> => {
  const found = effectiveIn(state, environment)
  const { objectives, ignored } = objectivesOf(found?.manifest.slo ?? null)
  const toMs = nowMs()
  const of = { environment, pipelineId: state.id ?? '' }
  const past = pastOfRuns(views, tenant, of, toMs, maxDurationMsOf(objectives))
  return {
    pipeline: state.slug ?? '',
    environment,
    window,
    from: isoOf(toMs - windowDays[window] * dayMs),
    to: isoOf(toMs),
    manifest_version: found?.version.version ?? null,
    objectives,
    ignored,
    ...sloOf(objectives, measuredOf(past, windowDays[window])),
  }
}
