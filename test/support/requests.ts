import { pipelines } from '../../src/app/aggregates.ts'
import type { CommandContext } from '../../src/app/context.ts'
import type { CommandHandler } from '../../src/app/handle.ts'
import { pipelineIdOf } from '../../src/app/ids.ts'
import { type RunAsked, requestRun } from '../../src/app/request-run.ts'
import type { Manifest } from '../../src/domain/pipeline/manifest.ts'
import { contextOf } from './contexts.ts'
import { partitionOf, runOf, slugOf, tenant } from './ids.ts'
import { manifestOf } from './manifests.ts'

/** Gives the pipeline a manifest, whose hash here is only a name. */
export const register = (commands: CommandHandler, manifest: Manifest = manifestOf(), manifestHash = 'h1') => {
  const pipelineId = pipelineIdOf(tenant, manifest.name)
  const command = { type: 'RegisterManifest' as const, pipelineId, slug: slugOf(manifest.name), manifest, manifestHash }
  return commands.handle(pipelines, pipelineId, command, contextOf())
}

const askedOf = (run: string, over: Partial<RunAsked> = {}): RunAsked => ({
  pipelineName: 'flights',
  pipelineId: pipelineIdOf(tenant, 'flights'),
  runId: runOf(run),
  runIdChosen: false,
  keyedRunId: null,
  partition: partitionOf('2001-01-01'),
  batchId: 'B1',
  parameters: {},
  ...over,
})

export const request = (
  commands: CommandHandler,
  run: string,
  over: Partial<RunAsked> = {},
  context: CommandContext = contextOf(),
) => requestRun(commands, askedOf(run, over), context)

export const partitionStream = (key = '2001-01-01'): string =>
  `partition-${tenant}.${pipelineIdOf(tenant, 'flights')}.${key}`
