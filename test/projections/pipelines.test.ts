import { describe, expect, test } from 'vitest'
import { listPipelines, versionsOfPipeline } from '../../projections/pipelines.ts'
import type { PipelineEvent } from '../../src/domain/pipeline/events.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { otherTenant, pipelineOf, slugOf, tenant } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'
import { atTime } from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const versionOf = (id: number, slug: string, number: number, version: string): PipelineEvent => ({
  type: number === 1 ? 'PipelineCreated' : 'ManifestVersioned',
  data: {
    pipelineId: pipelineOf(id),
    slug: slugOf(slug),
    number,
    version,
    manifestHash: `hash-${version}`,
    manifest: manifestOf({ name: slug, version, title: `Title ${version}`, owner: 'data@example.com' }),
  },
})

const given = async (...events: PipelineEvent[]) => {
  const { apply, reader } = openViews()
  await apply(...ledgerEvents(events, { stream: 'pipeline-acme.p' }))
  return reader
}

describe('the pipelines of a tenant', () => {
  test('are listed by name, each in its newest version', async () => {
    const reader = await given(
      versionOf(1, 'weather', 1, '1.0.0'),
      versionOf(2, 'flights', 1, '1.0.0'),
      versionOf(1, 'weather', 2, '2.0.0'),
    )
    expect(listPipelines(reader, tenant)).toMatchObject([
      { slug: 'flights', number: 1, version: '1.0.0', manifest_hash: 'hash-1.0.0', updated_at: atTime(1) },
      {
        slug: 'weather',
        pipeline_id: pipelineOf(1),
        title: 'Title 2.0.0',
        owner: 'data@example.com',
        description: null,
        number: 2,
        version: '2.0.0',
        updated_at: atTime(2),
      },
    ])
  })

  test('are no other tenant’s', async () => {
    const { apply, reader } = openViews()
    const foreign = { metadata: metadataOf({ tenant: otherTenant }) }
    await apply(...ledgerEvents([versionOf(1, 'weather', 1, '1.0.0')], foreign))
    expect(listPipelines(reader, tenant)).toEqual([])
    expect(versionsOfPipeline(reader, tenant, pipelineOf(1))).toEqual([])
    expect(listPipelines(reader, otherTenant)).toHaveLength(1)
  })
})

test('the versions of a pipeline are told oldest first, with who gave them when', async () => {
  const reader = await given(versionOf(1, 'weather', 1, 'one'), versionOf(1, 'weather', 2, 'two'))
  expect(versionsOfPipeline(reader, tenant, pipelineOf(1))).toEqual([
    { number: 1, version: 'one', manifest_hash: 'hash-one', created_at: atTime(0), actor: 'alice' },
    { number: 2, version: 'two', manifest_hash: 'hash-two', created_at: atTime(1), actor: 'alice' },
  ])
  expect(versionsOfPipeline(reader, tenant, pipelineOf(9))).toEqual([])
})
