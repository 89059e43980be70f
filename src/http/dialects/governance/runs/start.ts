import { derivedCommandId, uuidv7 } from '../../../../app/ids.ts'
import { requestRun } from '../../../../app/request-run.ts'
import { must, parseRunId } from '../../../../domain/ids.ts'
import { firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { commandContext, idempotencyKey } from '../../../context.ts'
import { mayIn } from '../../../environment.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { pipelineIn } from '../manifests/pipeline-in.ts'
import { startAnswer, startBody } from './schemas.ts'
import { shownRunId } from './translate.ts'

/** `POST /pipelines/{pipeline}/start`: a run of what is in force in an environment. */
export const startOperation = (services: Services): Operation =>
  operation({
    method: 'post',
    path: '/{pipeline}/start',
    summary: 'Start a run of what is in force in an environment',
    action: 'RequestRun',
    kind: 'command',
    parameters: { pipeline: "the pipeline's name or id" },
    body: startBody,
    answers: { 200: { description: 'the run was asked for', schema: startAnswer } },
    codes: ['PIPELINE_NOT_FOUND', 'RUN_EXISTS', 'RUN_ACTIVE', 'CLAIM_LOST'],
    handle: async (
      c,
      { body: { environment = firstEnvironment, partition = null, parameters = {}, run_id: chosen } },
    ) => {
      const { commands, reads, nowMs } = services
      mayIn(c, services, 'RequestRun', environment)
      const { pipelineId, slug } = await pipelineIn(c, services)
      const said = { pipelineId, environment, partition, parameters, chosen: chosen ?? null }
      const context = commandContext(c, 'governance', said, nowMs())
      const keyed = idempotencyKey(c) !== undefined
      const drawn = must(parseRunId(keyed ? derivedCommandId(context.commandId, 'run') : uuidv7(nowMs())), 'run id')
      const runId = chosen ?? drawn
      const ids = { runId, runIdChosen: keyed || chosen !== undefined, keyedRunId: keyed ? drawn : null }
      const asked = { ...ids, pipelineName: slug, pipelineId, partition, batchId: partition, parameters, environment }
      const handled = await requestRun(commands, asked, context)
      reads.wrote(c, handled)
      const { requested, status } = handled.state
      return c.json({
        run_id: shownRunId(runId),
        pipeline: slug,
        environment,
        manifest_version: requested?.manifestVersion ?? '',
        overrides: [...(requested?.overrides ?? [])],
        partition,
        status: status ?? ('queued' as const),
      })
    },
  })
