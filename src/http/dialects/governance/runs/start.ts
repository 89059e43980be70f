import { requestRun } from '../../../../app/request-run.ts'
import { firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { commandContext } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import { idsOfNewRun } from '../../../run-ids.ts'
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
      demand(c, services, 'RequestRun', environment)
      const { pipelineId, slug } = await pipelineIn(c, services)
      const said = { pipelineId, environment, partition, parameters, chosen: chosen ?? null }
      const context = commandContext(c, 'governance', said, nowMs())
      const ids = idsOfNewRun(c, context, chosen, nowMs())
      const asked = { ...ids, pipelineName: slug, pipelineId, partition, batchId: partition, parameters, environment }
      const handled = await requestRun(commands, asked, context)
      reads.wrote(c, handled)
      const { requested } = handled.state
      return c.json({
        run_id: shownRunId(ids.runId),
        pipeline: slug,
        environment,
        manifest_version: requested?.manifestVersion ?? '',
        overrides: [...(requested?.overrides ?? [])],
        partition,
        // As it was when it was asked for: a repeated request gets the same answer.
        status: 'queued' as const,
      })
    },
  })
