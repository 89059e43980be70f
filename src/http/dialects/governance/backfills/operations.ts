import {
  backfillById,
  countsOf,
  listBackfills,
  partitionsOf,
  succeededPartitions,
  usualRun,
} from '../../../../../projections/backfill-queries.ts'
import type { BackfillRow } from '../../../../../projections/backfills.ts'
import { downstreamOf } from '../../../../../projections/lineage-downstream.ts'
import { pipelines } from '../../../../app/aggregates.ts'
import { pipelineIdOf } from '../../../../app/ids.ts'
import { backfillOf, requestBackfill } from '../../../../app/request-backfill.ts'
import type { BackfillRequested } from '../../../../domain/backfill/events.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { type PartitionKey, parsePipelineId, parseSlug } from '../../../../domain/ids.ts'
import { firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { partitionsBetween } from '../../../../domain/pipeline/partition-range.ts'
import { effectiveIn } from '../../../../domain/pipeline/state.ts'
import { shownApproval } from '../../../approval-needed.ts'
import { commandContext, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import type { Services } from '../../../services.ts'
import { backfillControls, backfillIdIn, backfillNotFound, backfillParameters } from './control.ts'
import { backfillAnswer, backfillBody, backfillDetail, backfillList, backfillQuery } from './schemas.ts'

const historyMax = 100

/** `/pipelines/backfills`: many partitions as one thing. */
export const backfillOperations = (services: Services): Operation[] => [
  request(services),
  list(services),
  look(services),
  ...backfillControls(services),
]

const request = (services: Services): Operation =>
  operation({
    method: 'post',
    path: '/backfills',
    summary: 'Run a pipeline for many partitions; with dry_run a preview of which, how long and who has to approve',
    action: 'RequestBackfill',
    kind: 'command',
    parameters: {},
    body: backfillBody,
    answers: { 200: { description: 'the backfill was asked for, or would be', schema: backfillAnswer } },
    codes: ['PIPELINE_NOT_FOUND', 'BACKFILL_EXISTS'],
    handle: async (c, { body }) => {
      const { commands, approvals, reads, views, nowMs } = services
      const { environment = firstEnvironment, parameters: given = {}, max_concurrency: maxConcurrency, reason } = body
      demand(c, services, 'RequestBackfill', environment)
      await reads.beforeRead(c)
      const said = JSON.parse(JSON.stringify(body))
      const context = commandContext(c, 'governance', said, nowMs())
      const { tenant } = context
      const pipelineId = parsePipelineId(body.pipeline) ?? pipelineIdOf(tenant, parseSlug(body.pipeline) ?? '')
      const { state } = await commands.load(pipelines, tenant, pipelineId)
      const effective = effectiveIn(state, environment)
      if (!effective || !state.slug) {
        throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${body.pipeline}' has no version in ${environment}`)
      }
      const wanted = partitionsIn(body, effective.manifest)
      const done = body.skip_succeeded ? succeededPartitions(views, tenant, state.slug, environment) : new Set<string>()
      const asked = backfillOf(
        {
          ...{ pipelineId, pipeline: state.slug, environment, effective, maxConcurrency, parameters: given },
          partitions: wanted.filter((partition) => !done.has(partition)),
          skipped: wanted.filter((partition) => done.has(partition)),
          ...approvals.needed('Backfill', environment, context.at),
        },
        context,
      )
      const estimate = estimateOf(asked, usualRun(views, tenant, state.slug, historyMax))
      const { isCut, ...downstream } = downstreamOf(views, tenant, state.slug)
      const effect = { estimate, downstream: { ...downstream, truncated: isCut } }
      if (body.dry_run) return c.json({ ...shown(asked, null), ...effect, dry_run: true })
      const handled = await requestBackfill(commands, asked, withReason(context, reason))
      reads.wrote(c, handled)
      const taken = handled.state.asked ?? asked
      return c.json({ ...shown(taken, taken.backfillId), ...effect, dry_run: false })
    },
  })

type Body = typeof backfillBody._output

const partitionsIn = (
  { from, to, partitions }: Body,
  manifest: Parameters<typeof partitionsBetween>[0],
): PartitionKey[] => {
  if (partitions) {
    if (from === undefined && to === undefined) return [...new Set(partitions)]
    throw new Rejection('VALIDATION_FAILED', 'partitions: not together with from and to', { field: 'partitions' })
  }
  if (from === undefined) throw new Rejection('VALIDATION_FAILED', 'from: required', { field: 'from' })
  if (to === undefined) throw new Rejection('VALIDATION_FAILED', 'to: required', { field: 'to' })
  return partitionsBetween(manifest, from, to)
}

const estimateOf = (
  { partitions, maxConcurrency }: BackfillRequested,
  { runs, ms, usd }: ReturnType<typeof usualRun>,
) => {
  if (ms === null) return null
  const rounds = Math.ceil(partitions.length / maxConcurrency)
  const seconds = (each: number) => Math.round(each) / 1_000
  const dollars = (each: number) => Math.round(each * 1e9) / 1e9
  return {
    seconds_per_run: seconds(ms),
    seconds: seconds(ms * rounds),
    usd_per_run: usd === null ? null : dollars(usd),
    usd: usd === null ? null : dollars(usd * partitions.length),
    based_on: `${runs} of the newest runs that have succeeded`,
  }
}

const shown = (asked: BackfillRequested, backfillId: string | null) => {
  const { approval } = asked
  return {
    backfill_id: backfillId,
    pipeline: asked.pipeline,
    environment: asked.environment,
    manifest_version: asked.manifestVersion,
    status: approval ? ('awaiting_approval' as const) : ('running' as const),
    partitions: asked.partitions,
    skipped: asked.skipped,
    max_concurrency: asked.maxConcurrency,
    approval: shownApproval(approval && backfillId === null ? { ...approval, approvalId: null } : approval),
  }
}

const list = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/backfills',
    summary: 'Backfills, newest first',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: backfillQuery,
    answers: { 200: { description: 'a page of backfills', schema: backfillList } },
    codes: [],
    handle: async (c, { query: { limit, page } }) => {
      await reads.beforeRead(c)
      const rows = listBackfills(views, c.get('principal').tenant, limit, (page - 1) * limit)
      return c.json({ backfills: rows.map(shortOf), page, per_page: limit })
    },
  })

const look = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/backfills/{backfill_id}',
    summary: 'A backfill, and how far each of its partitions is',
    action: 'ReadRuns',
    kind: 'query',
    parameters: backfillParameters,
    answers: { 200: { description: 'the backfill', schema: backfillDetail } },
    codes: ['BACKFILL_NOT_FOUND'],
    handle: async (c) => {
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const backfillId = backfillIdIn(c)
      const row = backfillById(views, tenant, backfillId)
      if (!row) throw backfillNotFound(backfillId)
      const none = { waiting: 0, queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, rejected: 0 }
      return c.json({
        ...shortOf(row),
        progress: { ...none, ...countsOf(views, tenant, backfillId) },
        partitions: partitionsOf(views, tenant, backfillId).map(({ ordinal: _, ...partition }) => partition),
      })
    },
  })

const shortOf = (row: BackfillRow) => ({
  backfill_id: row.backfill_id,
  pipeline: row.pipeline,
  environment: row.environment,
  manifest_version: row.manifest_version,
  status: row.status,
  total: row.total,
  skipped: row.skipped,
  max_concurrency: row.max_concurrency,
  requested_by: row.requester,
  requested_at: row.requested_at,
  started_at: row.started_at,
  ended_at: row.ended_at,
  approval_id: row.approval_id,
})
