import { runs } from '../../../../app/aggregates.ts'
import { derivedCommandId, uuidv7 } from '../../../../app/ids.ts'
import { type Replayable, replayable, replayOf } from '../../../../app/replay.ts'
import { requestRun } from '../../../../app/request-run.ts'
import type { Requirement } from '../../../../domain/approval/events.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { must, parseRunId, type RunId, streamName, type TenantId } from '../../../../domain/ids.ts'
import type { Run } from '../../../../domain/run/state.ts'
import { commandContext, idempotencyKey } from '../../../context.ts'
import { mayIn } from '../../../environment.ts'
import { type Operation, operation } from '../../../operation.ts'
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
      const keyed = idempotencyKey(c) !== undefined
      const drawn = must(parseRunId(keyed ? derivedCommandId(context.commandId, 'run') : uuidv7(nowMs())), 'run id')
      const earlier = keyed ? await commands.happened(runs, chosen ?? drawn, context) : undefined
      if (earlier) {
        reads.wrote(c, earlier)
        return c.json(answerOf(earlier.state))
      }

      const asked = { runId, partition, contract: contract_version, allowSucceeded }
      const found = await replayable(commands, asked, context)
      mayIn(c, services, 'ReplayRun', found.environment)
      await assertProved(services, context.tenant, runId)
      const required = approvals.required('Replay', found.environment)
      const expiresAt = new Date(Date.parse(context.at) + approvals.waitMs).toISOString()
      if (dryRun) return c.json(foreseen(found, required, expiresAt))
      const ids = {
        runId: chosen ?? drawn,
        runIdChosen: keyed || chosen !== undefined,
        keyedRunId: keyed ? drawn : null,
      }
      const handled = await requestRun(commands, replayOf(found, ids, { required, expiresAt }), {
        ...context,
        ...(reason === undefined ? {} : { reason }),
      })
      reads.wrote(c, handled)
      return c.json(answerOf(handled.state))
    },
  })

/** What is to be done again must be what the log says that it was. */
const assertProved = async ({ evidence }: Services, tenant: TenantId, runId: RunId): Promise<void> => {
  const doubt = await evidence.doubt(tenant, { kind: 'run', id: runId, streams: [streamName('run', tenant, runId)] })
  if (doubt === null) return
  throw new Rejection('NOT_REPLAYABLE', `the evidence of run '${runId}' does not hold: ${doubt}`, { runId })
}

const checked = ['the run is in the ledger', 'its partition', 'its contract', 'that it has ended', 'its proofs']

const foreseen = ({ original, environment, contract }: Replayable, required: Requirement[], expiresAt: string) => ({
  run_id: null,
  replay_of: shownRunId(original.runId),
  pipeline: original.pipeline,
  environment,
  partition: original.partition,
  contract_version: contract,
  status: required.length > 0 ? ('awaiting_approval' as const) : ('queued' as const),
  approval: required.length > 0 ? { approval_id: null, required, expires_at: expiresAt } : null,
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
    approval: approval
      ? { approval_id: approval.approvalId, required: approval.required, expires_at: approval.expiresAt }
      : null,
    checked,
    dry_run: false,
  }
}
