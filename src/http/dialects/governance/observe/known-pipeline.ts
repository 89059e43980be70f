import type { Context } from 'hono'
import { pipelines } from '../../../../app/aggregates.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { parseRunId, type RunId } from '../../../../domain/ids.ts'
import type { Env } from '../../../context.ts'
import type { Services } from '../../../services.ts'
import { pipelineIdIn } from '../manifests/pipeline-in.ts'

/** A pipeline that is there or once was. */
export const knownPipeline = async (c: Context<Env>, { commands }: Services) => {
  const pipelineId = pipelineIdIn(c)
  const { state } = await commands.load(pipelines, c.get('principal').tenant, pipelineId)
  if (state.slug !== null) return { pipelineId, slug: state.slug }
  throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${c.get('params').pipeline ?? ''}' not found`)
}

export const runNotFound = (runId: string): Rejection =>
  new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`, { runId })

/** `run_x` and `x` are one id. */
export const runIdOf = (text: string): RunId => {
  const runId = parseRunId(text.startsWith('run_') ? text.slice(4) : text)
  if (runId === undefined) throw runNotFound(text)
  return runId
}
