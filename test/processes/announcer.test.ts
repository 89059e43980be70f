import { describe, expect, test } from 'vitest'
import { webhookWork } from '../../projections/webhook-work.ts'
import { openDrifting } from '../support/drifting.ts'
import { columnsOf } from '../support/run-events.ts'

const openTelling = async () => {
  const world = await openDrifting()
  const toldTo = () => world.told().map(({ webhookId, runId, body }) => `${webhookId}: ${runId} ${body.status}`)
  return { ...world, toldTo }
}

/** Two runs, of which the second has drifted in two sinks, and everybody has seen the ledger up to there. */
const drifted = async () => {
  const world = await openTelling()
  const { ledger, pump, watch, hook, succeeds } = world
  await hook('ends', ['SUCCESS'])
  await hook('drifts', ['DRIFT'])
  await hook('both', ['SUCCESS', 'DRIFT'], ['flights'])
  await hook('other', ['SUCCESS', 'DRIFT'], ['weather'])
  await succeeds('a', { in: ['x'], out: ['x', 'y:DATE'] })
  await succeeds('b', { in: ['z'], out: ['y', 'w'] })
  await watch().handle(ledger.all, await ledger.head())
  await pump.settled()
  const seen = [...ledger.all]
  return { ...world, handle: async () => world.announcer().handle(seen, await ledger.head()) }
}

const all = [
  'both: a SUCCESS',
  'both: b DRIFT',
  'both: b DRIFT',
  'both: b SUCCESS',
  'drifts: b DRIFT',
  'drifts: b DRIFT',
  'ends: a SUCCESS',
  'ends: b SUCCESS',
]

describe('webhooks', () => {
  test('are told of each sink that has drifted, in the payload of an end with the columns beside it', async () => {
    const { handle, told } = await drifted()
    await handle()
    const bodies = told().flatMap(({ webhookId, body }) => (webhookId === 'drifts' ? [body] : []))
    const payload = {
      event: 'PIPELINE_COMPLETED',
      run_id: 'run_b',
      pipeline: 'flights',
      status: 'DRIFT',
      batch_id: 'B1',
      timestamp: '2026-01-01T00:01:00Z',
    }
    expect(bodies).toEqual([
      { ...payload, drift: { sink: 'in', added: columnsOf('z'), removed: columnsOf('x'), retyped: [] } },
      {
        ...payload,
        drift: {
          sink: 'out',
          added: columnsOf('w'),
          removed: columnsOf('x'),
          retyped: [{ name: 'y', from: 'DATE', to: 'BIGINT' }],
        },
      },
    ])
  })

  test('are told of what they asked for, of an end in the payload of the document alone', async () => {
    const { handle, told, toldTo } = await drifted()
    await handle()
    expect(toldTo().sort()).toEqual(all)
    const end = told().find(({ webhookId }) => webhookId === 'ends')
    expect(Object.keys(end?.body ?? {})).toEqual(['event', 'run_id', 'pipeline', 'status', 'batch_id', 'timestamp'])
  })

  test('are told once, though replicas see it, see it again and start again', async () => {
    const { handle, pump, announcer, toldTo } = await drifted()
    await Promise.all([handle(), handle()])
    await announcer().start()
    await pump.settled()
    await handle()
    await announcer().start()
    expect(toldTo().sort()).toEqual(all)
  })

  test('are told at the start of all that nobody saw, however little the views hand out at a time', async () => {
    const { views, announcer, toldTo } = await drifted()
    const work = webhookWork(views)
    let rounds = 0
    const few = (since: string) => {
      rounds += 1
      return work.unannounced(since).slice(0, 3)
    }
    await announcer({ ...work, unannounced: few }).start()
    expect(toldTo().sort()).toEqual(all)
    expect(rounds).toBe(4)
  })

  test('are told at the start how a run ended, though they were told that it drifted', async () => {
    const { ledger, pump, announcer, toldTo } = await drifted()
    const drifts = ledger.all.filter(({ type }) => type === 'DriftDetected')
    await announcer().handle(drifts, await ledger.head())
    expect(toldTo().sort()).toEqual(all.filter((each) => each.endsWith('DRIFT')))
    await pump.settled()
    await announcer().start()
    expect(toldTo().sort()).toEqual(all)
  })

  test('are told of a drift by a replica that has the run in mind as it was before', async () => {
    const { ledger, pump, watch, announcer, hook, succeeds, toldTo } = await openTelling()
    await hook('both', ['SUCCESS', 'DRIFT'])
    await succeeds('a', { out: ['x'] })
    await succeeds('b', { out: ['y'] })
    const replica = announcer()
    await replica.handle(ledger.all, await ledger.head())
    await watch().handle(ledger.all, await ledger.head())
    await pump.settled()
    await replica.handle(ledger.all, await ledger.head())
    expect(toldTo()).toEqual(['both: a SUCCESS', 'both: b SUCCESS', 'both: b DRIFT'])
  })
})
