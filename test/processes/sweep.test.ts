import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { tenant } from '../support/ids.ts'
import { dueRun, reconciling } from '../support/reconciling.ts'

const startMs = Date.UTC(2026, 0, 1)
beforeEach(() => void vi.useFakeTimers({ now: startMs }))
afterEach(() => void vi.useRealTimers())
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a sweep', () => {
  test('sends what is due and nobody is at, as the next attempt', async () => {
    const { reconciler, bus, found, asked } = await reconciling()
    found.work = [dueRun('queued'), dueRun('lost', 4)]
    await reconciler.sweep()
    expect(bus.jobs.map(({ id, attempt }) => [id, attempt])).toEqual([
      ['queued.1', 1],
      ['lost.5', 5],
    ])
    expect(bus.jobs[0]).toMatchObject({ tenant, engine: 'fake', correlationId: 'request-1', causationId: 'event-1' })
    expect(asked).toEqual([
      { now: '2026-01-01T00:00:00.000Z', lostBefore: '2025-12-31T23:59:30.000Z', worker: 'box.2' },
    ])
  })

  test('begins at the start, and comes again and again until it is stopped', async () => {
    const { reconciler, asked } = await reconciling()
    reconciler.start()
    expect(asked).toHaveLength(1)
    await passMs(25_000)
    expect(asked).toHaveLength(3)
    await reconciler.stop()
    await passMs(60_000)
    expect(asked).toHaveLength(3)
  })

  test('that fails is told, and the next one tries again', async () => {
    const { reconciler, bus, log, found } = await reconciling()
    found.work = [dueRun('r')]
    bus.isDown = true
    await reconciler.sweep()
    expect(log.lines).toEqual(['warn: a due run was left to the next sweep'])
    bus.isDown = false
    await reconciler.sweep()
    expect(bus.jobs).toHaveLength(1)
  })

  test('that was asked for while one waits is that one, and none begins after the end', async () => {
    const { reconciler, asked } = await reconciling()
    const sweeps = [reconciler.sweep(), reconciler.sweep(), reconciler.sweep(), reconciler.sweep()]
    await Promise.all(sweeps)
    expect(asked).toHaveLength(2)
    const last = [reconciler.sweep(), reconciler.sweep()]
    await reconciler.stop()
    await Promise.all(last)
    expect(asked).toHaveLength(3)
  })

  test('offers what it has offered again only after a lease, or when the bus has lost it', async () => {
    const { reconciler, bus, found } = await reconciling()
    found.work = [dueRun('r')]
    await reconciler.sweep()
    await reconciler.sweep()
    expect(bus.jobs).toHaveLength(1)
    await reconciler.lost()
    expect(bus.jobs).toHaveLength(2)
    await passMs(29_999)
    await reconciler.sweep()
    expect(bus.jobs).toHaveLength(2)
    await passMs(1)
    await reconciler.sweep()
    expect(bus.jobs).toHaveLength(3)
  })

  test('is not held up by one run that cannot be dealt with', async () => {
    const { reconciler, bus, found, failOnce, statusOf } = await reconciling()
    await failOnce('r')
    await passMs(6_000)
    found.retries = [dueRun('not-in-the-ledger', 1), dueRun('r', 1)]
    found.work = [dueRun('s')]
    await reconciler.sweep()
    expect((await statusOf('r')).retryDueAt).toBeNull()
    expect(bus.jobs.map(({ runId }) => runId)).toEqual(['s'])
  })
})

test('it begins at the head of the ledger: what was before is found by its sweeps', async () => {
  expect(await (await reconciling()).reconciler.position()).toBe(70n)
})
