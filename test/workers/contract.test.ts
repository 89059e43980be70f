import { expect, test } from 'vitest'
import { contracts } from '../../src/app/contracts.ts'
import { must, parseContractName } from '../../src/domain/ids.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'
import { register } from '../support/requests.ts'
import { openWorld } from '../support/world.ts'

const name = must(parseContractName('routes'), 'contract')
const schemaOf = (column: string): JsonObject => ({ type: 'object', properties: { [column]: {} } })
const sinks = { out: { type: 'csv' as const, from: 'extract', path: 'out.csv' } }

const openWith = async (contract: JsonObject) => {
  const world = await openWorld()
  await register(world.commands, manifestOf({ sinks, contract, version: '2.0.0' }), 'h2')
  const promise = (version: string, column: string) => {
    const schema = schemaOf(column)
    const rest = { schema, schemaHash: column.repeat(64), compatibility: 'none' as const }
    return world.commands.handle(contracts, name, { type: 'RegisterContract', name, version, ...rest }, contextOf())
  }
  world.startWorker()
  return { ...world, promise }
}

test('an attempt tells the engine the contract of the sink, in the version that the manifest names', async () => {
  const world = await openWith({ sink: 'out', ref: 'routes@v1', sources: {} })
  await world.promise('v1', 'a')
  await world.promise('v2', 'b')
  await world.request('r')
  await world.has('r', 'RunSucceeded')
  expect(world.engine.jobs.map(({ contract }) => contract)).toEqual([
    { sink: 'out', ref: 'routes@v1', schema: schemaOf('a') },
  ])
})

test('a replay tells the engine the version that it was asked for', async () => {
  const world = await openWith({ sink: 'out', ref: 'routes@v1' })
  await world.promise('v1', 'a')
  await world.promise('v2', 'b')
  await world.request('r', { replayOf: { runId: runOf('failed'), contract: 'v2' } })
  await world.has('r', 'RunSucceeded')
  expect(world.engine.jobs.map(({ contract }) => contract?.ref)).toEqual(['routes@v2'])
})

test('a contract of sources only says nothing of a sink', async () => {
  const world = await openWith({ sources: { flights: 'flights@v1' } })
  await world.request('r')
  await world.has('r', 'RunSucceeded')
  expect(world.engine.jobs.map((job) => 'contract' in job)).toEqual([false])
})

test('one that is registered after a run has failed for it is found by the next run', async () => {
  const world = await openWith({ sink: 'out', ref: 'routes@v1' })
  await world.promise('v0', 'a')
  await world.request('r')
  await world.has('r', 'RunFailed')
  await world.promise('v1', 'b')
  await world.request('s')
  await world.has('s', 'RunSucceeded')
  expect(world.engine.jobs.map(({ contract }) => contract?.schema)).toEqual([schemaOf('b')])
})

test.each([
  [{ sink: 'out', ref: 'routes@v9' }, "contract.ref: there is no version v9 of a contract 'routes'"],
  [{ sink: 'out', ref: 'nobody@v1' }, "contract.ref: there is no version v1 of a contract 'nobody'"],
  [{ sink: 'out', ref: 'routes' }, 'contract.ref: must be a name and a version, such as routes@v1'],
  [{ sink: 'out' }, 'contract.ref: must be a name and a version, such as routes@v1'],
  [{ sink: 'toString', ref: 'routes@v1' }, "contract.sink: there is no sink 'toString'"],
  [{ ref: 'routes@v1' }, 'contract.sink: there is no sink without a name'],
])('a run with the contract %j fails before its first stage', async (contract, message) => {
  const world = await openWith(contract)
  await world.promise('v1', 'a')
  await world.request('r')
  await world.has('r', 'RunFailed')
  expect(world.engine.jobs).toEqual([])
  expect(world.eventsOf('r').find(({ type }) => type === 'RunFailed')?.event?.data).toMatchObject({
    stage: null,
    error: { code: 'CONTRACT_NOT_FOUND', message },
  })
})
