import { runs } from '../../src/app/aggregates.ts'
import { pipelineIdOf } from '../../src/app/ids.ts'
import type { Environment } from '../../src/domain/pipeline/environments.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { nowMs, openApi } from './api.ts'
import { contextOf } from './contexts.ts'
import { partitionOf, runOf, tenant } from './ids.ts'
import { manifestOf } from './manifests.ts'
import { type ColumnsOf, lineageOf } from './observed.ts'
import { register, request } from './requests.ts'
import * as c from './run-commands.ts'

interface Ran {
  /** Hours before now at which it was asked for; it is begun two seconds later. */
  hoursAgo: number
  /** From its begin to its end. */
  seconds?: number
  /** The code with which it fails; left out where it succeeds. */
  fails?: string
  /** Of its stage `load`. */
  inputs?: string[]
  outputs?: string[]
  /** Of its outputs. */
  columns?: Record<string, ColumnsOf>
  environment?: Environment
  /** `flights`, where it is left out. */
  pipeline?: string
}

/** The app, with `flights` under the given objectives, and a way to have runs at times of one's choice. */
export const observedApi = async (slo: Record<string, string | number> | null = null) => {
  const api = await openApi()
  await register(api.commands, manifestOf({ slo }), 'h2')
  const ran = async (
    id: string,
    { hoursAgo, seconds = 10, fails, inputs = [], outputs = [], columns, environment, pipeline = 'flights' }: Ran,
  ) => {
    const askedMs = nowMs - hoursAgo * 3_600_000
    const at = (second: number) => contextOf({ at: new Date(askedMs + second * 1_000).toISOString() })
    const of = { pipelineName: pipeline, pipelineId: pipelineIdOf(tenant, pipeline) }
    const over = { ...of, partition: partitionOf(id), ...(environment === undefined ? {} : { environment }) }
    await request(api.commands, id, over, at(0))
    const say = (second: number, command: RunCommand) =>
      api.commands.handle(runs, runOf(id), { ...command, runId: runOf(id) } as RunCommand, at(second))
    await say(2, c.startRun(1))
    await say(2, c.startStage('extract'))
    await say(3, c.completeStage('extract', 1, { rows: 1_000, files: [], bytesWritten: 0 }))
    await say(3, c.startStage('load'))
    if (fails === undefined) {
      await say(4, c.completeStage('load', 1, { lineage: lineageOf(inputs, outputs, columns) }))
      await say(4, c.commitOutputs())
      await say(2 + seconds, c.succeedRun())
    } else {
      const error = { code: fails, message: 'it broke' }
      await say(2 + seconds, c.failRun({ stage: 'load', error, retryable: false }))
    }
    await api.pump.settled()
  }
  return { ...api, ran }
}
