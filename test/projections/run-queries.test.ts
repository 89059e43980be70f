import { describe, expect, test } from 'vitest'
import { listRuns, type RunFilter } from '../../projections/run-queries.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { otherTenant, slugOf, tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { ofRun } from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const asked = (pipeline: string, batchId: string) => [e.requested({ pipeline: slugOf(pipeline), batchId }), e.queued()]
const running = (pipeline: string, batchId: string) => [...asked(pipeline, batchId), e.started()]

/** Requested in this order, a second apart. */
const runs: [run: string, events: RunEvent[]][] = [
  ['a', asked('flights', 'B1')],
  ['b', running('flights', 'B2')],
  ['c', [...running('weather', 'B1'), e.stageFailed(null), e.failed(null)]],
  ['d', [...running('flights', 'B2'), e.paused]],
  ['e', [...running('flights', 'B1'), e.cancelRequested(2, true)]],
  ['f', [...asked('weather', 'B3'), e.cancelRequested(1, false), e.canceled()]],
]

const stored = (): LedgerEvent[] =>
  runs.flatMap(([run, events], index) =>
    ledgerEvents(ofRun(run, events), {
      from: BigInt(index) * 100n,
      metadata: { ...metadataOf(), occurredAt: e.atTime(index) },
    }),
  )

const given = async () => {
  const { apply, reader } = openViews()
  const foreign = ledgerEvents(ofRun('z', asked('flights', 'B1')), {
    from: 900n,
    metadata: metadataOf({ tenant: otherTenant }),
  })
  await apply(...stored(), ...foreign)
  return (filter: RunFilter = {}, limit = 20, offset = 0) => {
    const { rows, total } = listRuns(reader, tenant, filter, { limit, offset })
    return { runs: rows.map(({ run_id }) => run_id).join(''), total }
  }
}

describe('the runs of a tenant', () => {
  test('are listed with the newest first', async () => {
    const list = await given()
    expect(list()).toEqual({ runs: 'fedcba', total: 6 })
  })

  test.each([
    ['by pipeline', { pipeline: 'weather' }, 'fc'],
    ['by batch', { batchId: 'B1' }, 'eca'],
    ['by a status', { statuses: ['queued'] }, 'a'],
    ['by several statuses', { statuses: ['running', 'paused', 'canceling'] }, 'edb'],
    ['by all at once', { pipeline: 'flights', batchId: 'B2', statuses: ['paused', 'failed'] }, 'd'],
    ['by what none is', { pipeline: 'nothing' }, ''],
    ['by a text that is no pattern', { batchId: 'B%' }, ''],
  ] as const)('can be asked for %s', async (_, filter, expected) => {
    const list = await given()
    expect(list(filter)).toEqual({ runs: expected, total: expected.length })
  })

  test('come in pages, which together are all of them once', async () => {
    const list = await given()
    expect([list({}, 4, 0), list({}, 4, 4), list({}, 4, 8)]).toEqual([
      { runs: 'fedc', total: 6 },
      { runs: 'ba', total: 6 },
      { runs: '', total: 6 },
    ])
    expect(list({ pipeline: 'flights' }, 2, 2)).toEqual({ runs: 'ba', total: 4 })
  })

  test('of one moment keep one order', async () => {
    const { apply, reader } = openViews()
    const metadata = metadataOf({ occurredAt: e.atTime(0) })
    const names = ['m', 'x', 'k', 'y']
    await apply(
      ...names.flatMap((name, index) =>
        ledgerEvents(ofRun(name, asked('flights', 'B1')), { from: BigInt(index) * 100n, metadata }),
      ),
    )
    const page = (offset: number) => listRuns(reader, tenant, {}, { limit: 1, offset }).rows[0]?.run_id
    expect([page(0), page(1), page(2), page(3)]).toEqual(['y', 'x', 'm', 'k'])
  })
})
