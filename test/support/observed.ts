import type { Dataset, RunEvent } from '../../src/domain/run/events.ts'
import { ledgerEvents, metadataOf } from './events.ts'
import { tenant } from './ids.ts'
import * as e from './run-events.ts'
import { openViews } from './views.ts'

/** An event, and the second at which it happens. */
export type Timed = readonly [second: number, event: RunEvent]

/** Views that are told of runs, event by event. */
export const observing = () => {
  const { apply, reader } = openViews()
  let from = 0n
  const tell = async (run: string, timed: readonly Timed[], of = tenant) => {
    for (const [second, event] of timed) {
      const metadata = metadataOf({ tenant: of, occurredAt: e.atTime(second) })
      await apply(...ledgerEvents(e.ofRun(run, [event]), { from, metadata, stream: `run-${of}.${run}` }))
      from += 10n
    }
  }
  return { tell, reader }
}

/** `namespace|name` as a dataset. */
export const datasetOf = (text: string): Dataset => {
  const [namespace = '', name = ''] = text.split('|')
  return { namespace, name }
}

export const lineageOf = (inputs: readonly string[], outputs: readonly string[]) => ({
  inputs: inputs.map(datasetOf),
  outputs: outputs.map(datasetOf),
})

/** That a stage has read and written datasets, as `namespace|name`. */
export const read = (stage: string, inputs: readonly string[], outputs: readonly string[]): RunEvent => ({
  type: 'LineageRecorded',
  data: { runId: e.runId, stage, lineage: lineageOf(inputs, outputs) },
})
