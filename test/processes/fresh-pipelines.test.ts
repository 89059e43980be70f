import { expect, test } from 'vitest'
import { pipelines } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { pipelineIdOf } from '../../src/app/ids.ts'
import { FreshPipelines } from '../../src/processes/fresh-pipelines.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'
import { register, request } from '../support/requests.ts'

/** Two replicas; the second knows the pipeline as it was before the first changes it. */
const twoReplicas = async () => {
  const ledger = new InMemoryLedger()
  const [first, second] = [new CommandHandler(ledger), new CommandHandler(ledger)]
  await register(first)
  await request(second, 'before', { partition: null })
  const fresh = new FreshPipelines(second, async () => -1n)
  return { first, second, tell: () => fresh.handle(ledger.all), reads: ledger.reads }
}

test('a version that another replica has registered is what runs here, once its event has arrived', async () => {
  const { first, second, tell } = await twoReplicas()
  await register(first, manifestOf({ version: '2' }), 'h2')
  await tell()
  const { state } = await request(second, 'after', { partition: null })
  expect(state.requested?.manifestVersion).toBe('2')
})

test('a pipeline that another replica has deleted runs no more, once its event has arrived', async () => {
  const { first, second, tell } = await twoReplicas()
  const pipelineId = pipelineIdOf(tenant, 'flights')
  const command = { type: 'DeletePipeline' as const, pipelineId, ifMatch: null, reason: 'it is not needed' }
  await first.handle(pipelines, pipelineId, command, contextOf())
  await tell()
  expect(await codeOf(request(second, 'after', { partition: null }))).toBe('PIPELINE_NOT_FOUND')
})

test('events of other things cost no reading', async () => {
  const { first, tell, reads } = await twoReplicas()
  await tell()
  await request(first, 'another', { partition: null })
  const before = reads.length
  await tell()
  expect(reads.slice(before)).toEqual([`pipeline-${tenant}.${pipelineIdOf(tenant, 'flights')}`])
})
