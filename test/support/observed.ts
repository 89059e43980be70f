import type { Dataset, RunEvent } from '../../src/domain/run/events.ts'
import { ledgerEvents, metadataOf } from './events.ts'
import { tenant } from './ids.ts'
import * as e from './run-events.ts'
import { openViews } from './views.ts'

/** An event, and the second at which it happens. */
export type Timed = readonly [second: number, event: RunEvent]

/** Views that are told of runs, one run after the other. */
export const observing = () => {
  const { apply, reader } = openViews()
  let from = 0n
  const tell = async (run: string, timed: readonly Timed[], of = tenant) => {
    const told = timed.flatMap(([second, event], index) => {
      const metadata = metadataOf({ tenant: of, occurredAt: e.atTime(second) })
      const at = { from: from + BigInt(index) * 10n, metadata, stream: `run-${of}.${run}` }
      return ledgerEvents(e.ofRun(run, [event]), at)
    })
    from += BigInt(timed.length) * 10n
    await apply(...told)
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
