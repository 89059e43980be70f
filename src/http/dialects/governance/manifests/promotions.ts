import type { Context } from 'hono'
import type { z } from 'zod'
import { succeededWith } from '../../../../../projections/run-queries.ts'
import { pipelines } from '../../../../app/aggregates.ts'
import { foresee } from '../../../../app/foresee.ts'
import { assertProof, promotePipeline } from '../../../../app/promote.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { must, parseRunId, type RunId } from '../../../../domain/ids.ts'
import { type Environment, environments } from '../../../../domain/pipeline/environments.ts'
import type { Promotion } from '../../../../domain/pipeline/events.ts'
import { versionIn } from '../../../../domain/pipeline/state.ts'
import { shownApproval } from '../../../approval-needed.ts'
import { commandContext, type Env, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import type { Services } from '../../../services.ts'
import { type Found, pipelineIn, pipelineParameter } from './pipeline-in.ts'
import { dryRunQuery, promoteBody, promotionAnswer } from './schemas.ts'

type Answer = z.input<typeof promotionAnswer>

/** `dev → staging → prod`: a version goes where it has succeeded in the environment before. */
export const promoteOperation = (services: Services): Operation =>
  operation({
    method: 'post',
    path: '/manifests/{pipeline}/promote',
    summary: 'Promote a version to the next environment; where a rule wants it, somebody else has to approve',
    action: 'PromotePipeline',
    kind: 'command',
    parameters: pipelineParameter,
    query: dryRunQuery,
    body: promoteBody,
    answers: { 200: { description: 'promoted, awaiting approval, or there already', schema: promotionAnswer } },
    codes: ['PIPELINE_NOT_FOUND', 'NOT_PROMOTABLE', 'APPROVAL_PENDING'],
    handle: async (c, { query: { dry_run: dryRun }, body }) => {
      const { commands, approvals, reads, nowMs } = services
      const { to, reason } = body
      demand(c, services, 'PromotePipeline', to)
      const found = await pipelineIn(c, services)
      const { pipelineId } = found
      const context = commandContext(
        c,
        'governance',
        { pipelineId, ...body, reason: reason ?? null, number: body.number ?? null, run_id: body.run_id ?? null },
        nowMs(),
      )
      const number = body.number ?? numberBefore(found, to)
      const provedBy = body.run_id ?? provedByIn(c, services, found, number, to)
      const needed = approvals.needed('Promote', to, context.at)
      const asked = { pipelineId, number, to, provedBy, ...needed }
      if (dryRun) {
        const command = { type: 'PromotePipeline' as const, pipelineId, number, to, provedBy, approval: null }
        const { events } = await foresee(commands, pipelines, context.tenant, pipelineId, command)
        const [event] = events
        if (event?.type !== 'PipelinePromoted') return c.json(unchanged(found, number, to, provedBy, true))
        await assertProof(commands, event.data, context)
        return c.json(shown(event.data, shownApproval({ ...needed, approvalId: null }), true))
      }
      const handled = await promotePipeline(commands, asked, withReason(context, reason))
      reads.wrote(c, handled)
      const event = handled.events[0]?.event
      if (event?.type === 'PipelinePromoted') return c.json(shown(event.data, null, false))
      if (event?.type !== 'PromotionRequested') return c.json(unchanged(found, number, to, provedBy, false))
      return c.json(shown(event.data, shownApproval(event.data.approval), false))
    },
  })

const before = (to: Environment): Environment => {
  const from = environments[environments.indexOf(to) - 1]
  if (from !== undefined) return from
  throw new Rejection('VALIDATION_FAILED', `to: new versions are in ${to} at once`, { field: 'to' })
}

const numberBefore = ({ state, slug }: Found, to: Environment): number => {
  const from = before(to)
  const version = versionIn(state, from)
  if (version) return version.number
  throw new Rejection('NOT_PROMOTABLE', `no version of '${slug}' is in ${from}`, { from })
}

const provedByIn = (
  c: Context<Env>,
  { views }: Services,
  { state, slug }: Found,
  number: number,
  to: Environment,
): RunId => {
  const from = before(to)
  const manifestHash = state.versions.find((each) => each.number === number)?.manifestHash ?? ''
  const { tenant } = c.get('principal')
  const run = succeededWith(views, tenant, { pipeline: slug, manifestHash, environment: from })
  if (run) return must(parseRunId(run.run_id), 'run id')
  const message = `no run of '${slug}' has succeeded with version no. ${number} in ${from}`
  throw new Rejection('NOT_PROMOTABLE', message, { from, number })
}

const shown = (
  { slug, number, version, from, to, provedBy }: Promotion,
  approval: Answer['approval'],
  dryRun: boolean,
): Answer => ({
  pipeline: slug,
  number,
  version,
  from,
  to,
  run_id: provedBy,
  status: approval ? 'awaiting_approval' : 'promoted',
  approval,
  dry_run: dryRun,
})

const unchanged = (
  { state, slug }: Found,
  number: number,
  to: Environment,
  provedBy: RunId,
  dryRun: boolean,
): Answer => ({
  pipeline: slug,
  number,
  version: state.versions.find((each) => each.number === number)?.version ?? '',
  from: before(to),
  to,
  run_id: provedBy,
  status: 'unchanged',
  approval: null,
  dry_run: dryRun,
})
