import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { allViews } from '../../projections/index.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { examples, ledgerEvents, metadataOf } from '../support/events.ts'
import { tenantOf } from '../support/ids.ts'
import { lives } from '../support/run-sequences.ts'
import { dump, openViews, temporaryFile } from '../support/views.ts'

/** A ledger with something of everything: runs of several tenants, and what surrounds them. */
const events: LedgerEvent[] = []
beforeAll(() => {
  const others: DomainEvent[] = [
    ...examples.PipelineCreated,
    ...examples.ManifestVersioned,
    ...examples.PartitionClaimed,
    ...examples.LeaseTaken,
    ...examples.PartitionReleased,
  ]
  for (const [index, lived] of fc.sample(lives, { numRuns: 12, seed: 7 }).entries()) {
    const metadata = metadataOf({ tenant: tenantOf(`t${index}`) })
    for (const told of [lived.events, others]) {
      const from = BigInt(events.length) * 10n
      events.push(...ledgerEvents(told, { from, metadata }))
    }
  }
})

/** The dump of views to which the events were applied in batches of these sizes. */
const built = async (sizes: readonly number[], path = temporaryFile()) => {
  const { apply } = openViews(allViews, path)
  let done = 0
  for (let turn = 0; done < events.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    await apply(...events.slice(done, done + size))
    done += size
  }
  return dump(path)
}

test('views that are built again are the same, row by row, whatever the batches were', async () => {
  const once = await built([events.length])
  expect(Object.keys(once)).toEqual(expect.arrayContaining(['views', ...allViews.flatMap(({ tables }) => tables)]))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
      expect(await built(sizes)).toEqual(once)
    }),
    { numRuns: 12 },
  )
})

test('views that were broken off anywhere go on to the same', async () => {
  const once = await built([events.length])
  for (const cut of [1, Math.floor(events.length / 3), events.length - 1]) {
    const path = temporaryFile()
    await openViews(allViews, path).apply(...events.slice(0, cut))
    expect(await built([50], path)).toEqual(once)
  }
})
