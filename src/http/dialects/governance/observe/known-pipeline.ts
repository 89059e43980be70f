import type { Context } from 'hono'
import { pipelines } from '../../../../app/aggregates.ts'
import { Rejection } from '../../../../domain/codes.ts'
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
