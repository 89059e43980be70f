import { metadataFactory, systemContext } from '../src/app/context.ts'
import { pipelineIdOf, uuidv5 } from '../src/app/ids.ts'
import type { NewEvent } from '../src/app/ports/ledger.ts'
import {
  must,
  parsePartitionKey,
  parseRunId,
  parseSlug,
  parseTenantId,
  type StreamName,
  streamName,
} from '../src/domain/ids.ts'
import type { RunCommand } from '../src/domain/run/commands.ts'
import { runDecider } from '../src/domain/run/decide.ts'
import type { Influence, Lineage } from '../src/domain/run/lineage.ts'

const tenant = must(parseTenantId('default'), 'tenant')
const stages = ['day', 'by_route', 'load_routes']
const flights = { namespace: 'file://default', name: 'flights-3m.parquet' }
const from = (column: string, ...influences: Influence[]) => ({ ...flights, column, influences })

/** As the local engine records it. */
const routes = (number: number): Lineage => {
  const output = { namespace: 'file://default', name: `routes/p${number}.parquet` }
  const columns = [
    { name: 'origin', inputs: [from('origin', 'IDENTITY')] },
    { name: 'destination', inputs: [from('destination', 'IDENTITY')] },
    { name: 'flights', inputs: [] },
    { name: 'delay', inputs: [from('delay', 'AGGREGATION')] },
  ]
  const rows = [
    from('date', 'FILTER'),
    from('delay', 'SORT'),
    from('destination', 'GROUP_BY', 'SORT'),
    from('origin', 'GROUP_BY', 'SORT'),
  ]
  return { inputs: [flights], outputs: [output], columns: [{ output, columns, rows }] }
}
const free = {
  computeSeconds: 0.2,
  bytesStored: 1,
  bytesMoved: 1,
  computeUsd: 0,
  storageUsd: 0,
  networkUsd: 0,
  totalUsd: 0,
}

/** The whole stream of a run that succeeds: 14 events, decided as they are in production. */
export const runStream = (number: number): { stream: StreamName; events: NewEvent[] } => {
  const { runId, request } = requestOf(number)
  const held = { runId, attempt: 1 }
  const measured = {
    output: { rows: 1 },
    rows: 1,
    bytesRead: 1,
    bytesWritten: 1,
    computeMs: 1,
    files: [],
  }
  const lineageOf = (stage: string) => (stage === 'load_routes' ? routes(number) : null)
  const commands: RunCommand[] = [
    { type: 'RequestRun', request },
    { type: 'StartRun', ...held, worker: 'bench.1' },
    ...stages.flatMap((stage): RunCommand[] => [
      { type: 'StartStage', ...held, stage },
      { type: 'CompleteStage', ...held, stage, ...measured, lineage: lineageOf(stage) },
    ]),
    { type: 'CommitOutputs', ...held },
    { type: 'SucceedRun', ...held, cost: free },
  ]
  return { stream: streamName('run', tenant, runId), events: decided(commands, number) }
}

/** The event that a run is requested with, alone. */
export const requestedOf = (number: number): { stream: StreamName; event: NewEvent } => {
  const { runId, request } = requestOf(number)
  const [event] = decided([{ type: 'RequestRun', request }], number)
  if (!event) throw new Error('a request was decided without an event')
  return { stream: streamName('run', tenant, runId), event }
}

const requestOf = (number: number) => {
  const runId = must(parseRunId(`bench-${number}`), 'run id')
  const slug = must(parseSlug('flights-daily'), 'slug')
  const request = {
    runId,
    pipelineId: pipelineIdOf(tenant, slug),
    pipeline: slug,
    manifestVersion: '1.0.0',
    manifestHash: 'a'.repeat(64),
    engine: 'local',
    stages,
    partition: must(parsePartitionKey(`p${number}`), 'partition'),
    batchId: `p${number}`,
    requestedAt: new Date(number * 1000).toISOString(),
    parameters: {},
    retries: 2,
    retryDelaySeconds: 5,
    claim: null,
  }
  return { runId, request }
}

const decided = (commands: readonly RunCommand[], number: number): NewEvent[] => {
  let state = runDecider.initial
  return commands.flatMap((command) => {
    const context = systemContext(tenant, 'bench', number * 1000)
    const metadata = metadataFactory(command, context)
    return runDecider.decide(command, state).map((event, index): NewEvent => {
      state = runDecider.evolve(state, event)
      return { id: uuidv5(context.commandId, index), event, metadata: metadata(index) }
    })
  })
}
