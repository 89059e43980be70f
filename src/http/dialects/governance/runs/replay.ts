import { runs } from '../../../../app/aggregates.ts'
import type { ApprovalRequired } from '../../../../app/approval-needed.ts'
import { type Replayable, replayable, replayOf } from '../../../../app/replay.ts'
import { requestRun } from '../../../../app/request-run.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { type RunId, streamName, type TenantId } from '../../../../domain/ids.ts'
import type { Run } from '../../../../domain/run/state.ts'
import { shownApproval } from '../../../approval-needed.ts'
import { commandContext, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import { idsOfNewRun } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { replayAnswer, replayBody } from './schemas.ts'
import { shownRunId } from './translate.ts'

/** `POST /pipelines/replay`: the document's one path, to the letter. */
export const replayOperation = (services: Services): Operation =>
  operation({
    method: 'post',
    path: '/replay',
    summary: 'Do a run again: checked against its evidence, approved where a rule wants it, executed and reconciled',
    action: 'ReplayRun',
    kind: 'command',
    parameters: {},
    body: replayBody,
    answers: { 200: { description: 'the replay was asked for, or would be', schema: replayAnswer } },
    codes: [
      'RUN_NOT_FOUND',
      'RUN_EXISTS',
      'RUN_ACTIVE',
      'CLAIM_LOST',
      'NOT_REPLAYABLE',
      'PIPELINE_NOT_FOUND',
      'UNAVAILABLE',
    ],
    handle: async (c, { body }) => {
      const { commands, approvals, reads, nowMs } = services
      const { run_id: runId, contract_version = null, partition = null, replay_run_id: chosen, reason } = body
      const { allow_succeeded: allowSucceeded, dry_run: dryRun } = body
      const asks = { runId, contract: contract_version, partition, allowSucceeded, chosen: chosen ?? null }
      const said = { ...asks, reason: reason ?? null, dryRun }
      const context = commandContext(c, 'governance', said, nowMs())
      const ids = idsOfNewRun(c, context, chosen, nowMs())
      const earlier = ids.keyedRunId === null ? undefined : await commands.happened(runs, ids.runId, context)
      if (earlier) {
        reads.wrote(c, earlier)
        return c.json(answerOf(earlier.state))
      }

      const asked = { runId, partition, contract: contract_version, allowSucceeded }
      const found = await replayable(commands, asked, context)
      demand(c, services, 'ReplayRun', found.environment)
      await assertProved(services, context.tenant, runId)
      const needed = approvals.needed('Replay', found.environment, context.at)
      if (dryRun) return c.json(foreseen(found, needed))
      const handled = await requestRun(commands, replayOf(found, ids, needed), withReason(context, reason))
      reads.wrote(c, handled)
      return c.json(answerOf(handled.state))
    },
  })

/** What is to be done again must be what the log says that it was. */
export const assertProved = async ({ evidence }: Services, tenant: TenantId, runId: RunId): Promise<void> => {
  const doubt = await evidence.doubt(tenant, { kind: 'run', id: runId, streams: [streamName('run', tenant, runId)] })
  if (doubt === null) return
  throw new Rejection('NOT_REPLAYABLE', `the evidence of run '${runId}' does not hold: ${doubt}`, { runId })
}

const checked = ['the run is in the ledger', 'its partition', 'its contract', 'that it has ended', 'its proofs']

const foreseen = ({ original, environment, contract }: Replayable, needed: ApprovalRequired) => ({
  run_id: null,
  replay_of: shownRunId(original.runId),
  pipeline: original.pipeline,
  environment,
  partition: original.partition,
  contract_version: contract,
  status: needed.required.length > 0 ? ('awaiting_approval' as const) : ('queued' as const),
  approval: shownApproval({ ...needed, approvalId: null }),
  checked,
  dry_run: true,
})

const answerOf = ({ requested }: Run) => {
  if (!requested?.replayOf) throw new Rejection('CONFLICT', 'the run with this id is no replay')
  const { runId, pipeline, environment, partition, replayOf, approval } = requested
  return {
    run_id: shownRunId(runId),
    replay_of: shownRunId(replayOf.runId),
    pipeline,
    environment: environment ?? 'dev',
    partition,
    contract_version: replayOf.contract,
    status: approval ? ('awaiting_approval' as const) : ('queued' as const),
    approval: shownApproval(approval),
    checked,
    dry_run: false,
  }
}
