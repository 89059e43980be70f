import { describe, expect, test } from 'vitest'
import { openDrifting } from '../support/drifting.ts'
import { columnsOf } from '../support/run-events.ts'

const out = (...columns: string[]) => ({ out: columns })

describe('a run whose sink has other columns than the last one before it', () => {
  test('records what has changed, for the reason that it succeeded', async () => {
    const { ledger, pump, watch, succeeds, drifts } = await openDrifting()
    const watching = watch()
    await succeeds('a', out('x', 'y', 'z'))
    await succeeds('b', out('z:DATE', 'w', 'x'))
    await pump.settled()
    await watching.handle(ledger.all, await ledger.head())
    expect(drifts()).toEqual([
      {
        runId: 'b',
        sink: 'out',
        since: 'a',
        added: columnsOf('w'),
        removed: columnsOf('y'),
        retyped: [{ name: 'z', from: 'BIGINT', to: 'DATE' }],
      },
    ])
    const success = ledger.stream('run-acme.b').find(({ type }) => type === 'RunSucceeded')
    expect(ledger.stream('run-acme.b').at(-1)?.metadata).toMatchObject({
      origin: 'drift-watch',
      causationId: success?.id,
      correlationId: success?.metadata.correlationId,
    })
  })

  test('records each of its sinks, and none whose columns only stand in another order', async () => {
    const { ledger, watch, succeeds, drifts } = await openDrifting()
    await succeeds('a', { one: ['x'], two: ['x', 'y'], three: ['x'] })
    await succeeds('b', { one: ['y'], two: ['y', 'x'], three: ['z'] })
    await watch().handle(ledger.all, await ledger.head())
    expect(drifts().map(({ sink }) => sink)).toEqual(['one', 'three'])
  })

  test('records it once, though replicas see it at the same time, and see it again', async () => {
    const { ledger, watch, succeeds, drifts } = await openDrifting()
    await succeeds('a', out('x'))
    await succeeds('b', out('y'))
    const seen = [...ledger.all]
    const head = await ledger.head()
    const replicas = [watch(), watch(), watch()]
    await Promise.all(replicas.map((replica) => replica.handle(seen, head)))
    await Promise.all(replicas.map((replica) => replica.handle(seen, head)))
    await watch().start()
    expect(drifts()).toHaveLength(1)
  })

  test('is compared with what succeeded last, though a later one is seen first', async () => {
    const { ledger, watch, writes, succeeds, drifts } = await openDrifting()
    await writes('asked-first', out('x'))
    await succeeds('asked-second', out('y'))
    await succeeds('asked-first')
    await succeeds('third', out('x'))
    const seen = ledger.all.filter(({ type }) => type === 'RunSucceeded').reverse()
    for (const each of seen) await watch().handle([each], await ledger.head())
    expect(drifts().map(({ runId, since }) => [runId, since])).toEqual([['asked-first', 'asked-second']])
  })

  test('that nobody saw records it when a process starts', async () => {
    const { ledger, pump, watch, succeeds, drifts } = await openDrifting()
    for (const [index, run] of ['a', 'b', 'c', 'd'].entries()) await succeeds(run, out(`x${index % 3}`))
    await pump.settled()
    await watch().start()
    expect(drifts().map(({ runId, since }) => [runId, since])).toEqual([
      ['b', 'a'],
      ['c', 'b'],
      ['d', 'c'],
    ])
    const before = ledger.appends.length
    await pump.settled()
    await watch().start()
    expect(ledger.appends).toHaveLength(before)
  })

  test('records it at the next time of asking when the ledger did not answer', async () => {
    const { ledger, pump, watch, succeeds, drifts } = await openDrifting()
    await succeeds('a', out('x'))
    await succeeds('b', out('y'))
    await pump.settled()
    const [seen, head, watching] = [[...ledger.all], await ledger.head(), watch()]
    ledger.isDown = true
    await expect(watching.handle(seen, head)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    ledger.isDown = false
    await watching.handle(seen, head)
    expect(drifts()).toHaveLength(1)
  })
})

test('what succeeded is compared when the views know of it, not before', async () => {
  const { ledger, watch, succeeds, drifts } = await openDrifting()
  await succeeds('a', out('x'))
  await succeeds('b', out('y'))
  const behind = watch({ viewsReach: async () => false })
  await expect(behind.handle(ledger.all, await ledger.head())).rejects.toThrow('too far behind')
  expect(drifts()).toEqual([])
})
