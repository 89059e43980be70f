import { describe, expect, test } from 'vitest'
import { pipelines } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { pipelineIdOf } from '../../src/app/ids.ts'
import { registerManifests } from '../../src/processes/pipeline-files.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'

const fileOf = (name: string, hash: string, owner: string = tenant) => ({
  tenant: owner,
  file: `${name}.yaml`,
  manifest: manifestOf({ name }),
  hash,
})

describe('the files of pipelines', () => {
  test('become pipelines of their tenants, in the name of the system', async () => {
    const ledger = new InMemoryLedger()
    const commands = new CommandHandler(ledger)
    const files = [fileOf('a', 'h1'), fileOf('b', 'h1'), fileOf('a', 'h1', otherTenant)]
    const { changed, position } = await registerManifests(commands, files, 0)
    expect(changed).toEqual(['a.yaml', 'b.yaml', 'a.yaml'])
    expect(position).toBe(await ledger.head())
    expect(ledger.all.map(({ type, metadata }) => [type, metadata.tenant, metadata.origin])).toEqual([
      ['PipelineCreated', tenant, 'pipeline-files'],
      ['PipelineCreated', tenant, 'pipeline-files'],
      ['PipelineCreated', otherTenant, 'pipeline-files'],
    ])
  })

  test('are read again at every start, and only what has changed is written', async () => {
    const ledger = new InMemoryLedger()
    await registerManifests(new CommandHandler(ledger), [fileOf('a', 'h1'), fileOf('b', 'h1')], 0)
    const again = await registerManifests(new CommandHandler(ledger), [fileOf('a', 'h1'), fileOf('b', 'h2')], 1)
    expect(again.changed).toEqual(['b.yaml'])
    const third = await registerManifests(new CommandHandler(ledger), [fileOf('a', 'h1'), fileOf('b', 'h2')], 2)
    expect(third).toEqual({ changed: [], position: -1n })
    const { state } = await new CommandHandler(ledger).load(pipelines, tenant, pipelineIdOf(tenant, 'b'))
    expect(state.versions.map(({ manifestHash }) => manifestHash)).toEqual(['h1', 'h2'])
  })

  test('that another process registers at the same time are registered once', async () => {
    const ledger = new InMemoryLedger()
    const starting = [1, 2, 3].map((nowMs) => registerManifests(new CommandHandler(ledger), [fileOf('a', 'h1')], nowMs))
    await Promise.all(starting)
    expect(ledger.all).toHaveLength(1)
  })
})
