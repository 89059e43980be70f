import type { RunEvent } from '../../src/domain/run/events.ts'
import {
  type ColumnInput,
  type ColumnLineage,
  type Dataset,
  influences,
  type Lineage,
} from '../../src/domain/run/lineage.ts'
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

/**
 * For each column of an output what it comes from, as `namespace|name|column INFLUENCE …`, or `unknown`; `rows` are what
 * decides on the rows.
 */
export type ColumnsOf = Record<string, readonly string[]>

const inputOf = (text: string): ColumnInput => {
  const [place = '', ...given] = text.split(' ')
  const [namespace = '', name = '', column = ''] = place.split('|')
  return { namespace, name, column, influences: influences.filter((influence) => given.includes(influence)) }
}

const isUnknown = (text: string): boolean => text === 'unknown'
const columnsOf = (output: string, { rows = [], ...columns }: ColumnsOf): ColumnLineage => ({
  output: datasetOf(output),
  columns: Object.entries(columns).map(([name, inputs]) => ({
    name,
    inputs: inputs.filter((each) => !isUnknown(each)).map(inputOf),
    ...(inputs.some(isUnknown) ? { unknown: true } : {}),
  })),
  rows: rows.map(inputOf),
})

export const lineageOf = (
  inputs: readonly string[],
  outputs: readonly string[],
  columns?: Record<string, ColumnsOf>,
): Lineage => ({
  inputs: inputs.map(datasetOf),
  outputs: outputs.map(datasetOf),
  ...(columns && { columns: Object.entries(columns).map(([output, of]) => columnsOf(output, of)) }),
})

/** That a stage has read and written datasets, as `namespace|name`, and where the columns of its outputs come from. */
export const read = (...[stage, ...of]: [stage: string, ...Parameters<typeof lineageOf>]): RunEvent => ({
  type: 'LineageRecorded',
  data: { runId: e.runId, stage, lineage: lineageOf(...of) },
})
