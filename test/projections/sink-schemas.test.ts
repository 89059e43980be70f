import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { driftsOfRun, unrecordedDrifts } from '../../projections/sink-schemas.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { otherTenant, pipelineOf, tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

/** A ledger that grows: what is told of a run comes after all that was told before. */
const telling = () => {
  const { apply, reader } = openViews()
  let from = 0n
  const tell = async (run: string, events: readonly RunEvent[], over: { tenant?: typeof tenant } = {}) => {
    const metadata = metadataOf({ tenant, ...over })
    const told: LedgerEvent[] = ledgerEvents(e.ofRun(run, events), { from, metadata, stream: `run-acme.${run}` })
    from += BigInt(events.length) * 10n
    await apply(...told)
  }
  const found = (run: string) => driftsOfRun(reader, tenant, run).map(({ sink, since }) => `${sink} since ${since}`)
  return { tell, found, reader }
}

const wrote = (columns: string[], sink = 'out'): RunEvent =>
  e.stageCompleted('load', 1, { schema: [{ sink, columns: e.columnsOf(...columns) }] })
const run = (...columns: string[]): RunEvent[] => [e.requested(), wrote(columns), e.succeeded()]

describe('the schemas of sinks', () => {
  test('show how a run differs from the one that succeeded last before it', async () => {
    const { tell, reader } = telling()
    await tell('a', run('x', 'y'))
    await tell('b', run('z:DATE', 'x'))
    expect(driftsOfRun(reader, tenant, 'a')).toEqual([])
    expect(driftsOfRun(reader, tenant, 'b')).toMatchObject([
      {
        run_id: 'b',
        sink: 'out',
        since: 'a',
        before: JSON.stringify(e.columnsOf('x', 'y')),
        columns: JSON.stringify(e.columnsOf('x', 'z:DATE')),
        correlation_id: 'request-1',
      },
    ])
  })

  test('show nothing where only the order of the columns differs', async () => {
    const { tell, found } = telling()
    await tell('a', run('x', 'y', 'B'))
    await tell('b', run('B', 'y', 'x'))
    expect(found('b')).toEqual([])
  })

  test('go by when runs succeeded, not by when they were asked for, began or wrote', async () => {
    const { tell, found } = telling()
    await tell('first', [e.requested(), wrote(['x'])])
    await tell('second', [e.requested(), wrote(['y'])])
    await tell('second', [e.succeeded()])
    await tell('first', [e.succeeded()])
    expect([found('second'), found('first')]).toEqual([[], ['out since second']])
  })

  test('pass over runs that did not succeed, and runs that did not write the sink', async () => {
    const { tell, found } = telling()
    await tell('a', run('x'))
    await tell('failed', [e.requested(), wrote(['y']), e.failed()])
    await tell('canceled', [e.requested(), wrote(['y']), e.canceled()])
    await tell('other', [e.requested(), wrote(['y'], 'another'), e.succeeded()])
    await tell('untold', [e.requested(), e.stageCompleted('load'), e.succeeded()])
    await tell('b', run('x'))
    await tell('c', run('y'))
    expect([found('b'), found('c'), found('other')]).toEqual([[], ['out since b'], []])
  })

  test('are compared within a pipeline of a tenant only', async () => {
    const { tell, found, reader } = telling()
    await tell('a', run('x'))
    await tell('a', run('y'), { tenant: otherTenant })
    await tell('b', [e.requested({ pipelineId: pipelineOf(2) }), wrote(['z']), e.succeeded()])
    expect([found('b'), driftsOfRun(reader, otherTenant, 'a')]).toEqual([[], []])
    await tell('c', run('y'))
    expect(found('c')).toEqual(['out since a'])
    await tell('d', run('x'), { tenant: otherTenant })
    expect(driftsOfRun(reader, otherTenant, 'd')).toMatchObject([
      { since: 'a', before: JSON.stringify(e.columnsOf('y')) },
    ])
  })

  test('are kept of runs that succeeded and of those that go on', async () => {
    const { tell, reader } = telling()
    await tell('a', run('x'))
    await tell('failed', [e.requested(), wrote(['y']), e.failed()])
    await tell('canceled', [e.requested(), wrote(['y']), e.canceled()])
    await tell('open', [e.requested(), wrote(['y'])])
    const kept = (table: string) => reader.all<{ run_id: string }>(`select run_id from ${table} order by run_id`)
    expect(kept('sink_schemas_v1')).toEqual([{ run_id: 'a' }, { run_id: 'open' }])
    expect(kept('schema_runs_v1')).toEqual([{ run_id: 'open' }])
  })

  test('of two stages that wrote one sink are those of the later', async () => {
    const { tell, found } = telling()
    await tell('a', run('x'))
    await tell('b', [e.requested(), wrote(['y']), wrote(['x']), e.succeeded()])
    expect(found('b')).toEqual([])
  })

  test('have nothing left to say once the drift of each sink is recorded', async () => {
    const { tell, found, reader } = telling()
    const both = (column: string) => [e.requested(), wrote([column], 'in'), wrote([column]), e.succeeded()]
    await tell('a', both('x'))
    await tell('b', both('y'))
    await tell('b', [e.driftDetected('in')])
    expect(found('b')).toEqual(['out since a'])
    await tell('b', [e.driftDetected()])
    expect([found('b'), unrecordedDrifts(reader, 9)]).toEqual([[], []])
  })

  test('are listed in the order in which runs succeeded, as many as are asked for', async () => {
    const { tell, reader } = telling()
    for (const name of ['d', 'c', 'b', 'a']) await tell(name, run(`x${name}`))
    expect(unrecordedDrifts(reader, 2).map(({ run_id }) => run_id)).toEqual(['c', 'b'])
  })
})

const lived = fc.record({ columns: fc.subarray(['x', 'y'], { minLength: 1 }), ends: fc.boolean() })

test('whatever runs succeed in whatever order, each is compared with the last that did', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lived, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      async (all, next) => {
        const { tell, found } = telling()
        const open = all.map(({ columns, ends }, index) => ({ name: `r${index}`, text: columns.join(), columns, ends }))
        for (const { name, columns } of open) await tell(name, [e.requested(), wrote(columns)])
        let last: (typeof open)[number] | undefined
        while (open.length > 0) {
          const [ended] = open.splice((next.next().value ?? 0) % open.length, 1)
          if (!ended) continue
          await tell(ended.name, [ended.ends ? e.succeeded() : e.failed()])
          const differs = ended.ends && last && last.text !== ended.text
          expect(found(ended.name)).toEqual(differs && last ? [`out since ${last.name}`] : [])
          if (ended.ends) last = ended
        }
      },
    ),
    { numRuns: 25 },
  )
})
