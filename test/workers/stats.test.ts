import { describe, expect, test } from 'vitest'
import { failing, gate } from '../support/fake-engine.ts'
import * as c from '../support/run-commands.ts'
import { until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

describe('what a worker says of itself', () => {
  test('is what it has in hand, and which of that is paused at present', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    const worker = world.startWorker()
    expect(worker.stats()).toMatchObject({ active: 0, paused: 0, finished: 0, failed: 0 })
    await world.request('r')
    await held.isReached
    expect(worker.stats()).toMatchObject({ active: 1, paused: 0 })
    await world.say('r', c.pauseRun)
    await until(() => worker.stats().paused === 1)
    await world.say('r', c.resumeRun)
    await until(() => worker.stats().paused === 0)
    await world.say('r', c.pauseRun)
    await until(() => worker.stats().paused === 1)
    held.open()
    await until(() => worker.stats().active === 0)
    expect(worker.stats()).toMatchObject({ paused: 0, finished: 0, failed: 0 })
    expect(world.typesOf('r').at(-1)).toBe('StageCompleted')
  })

  test('is how many runs it has finished, and how many attempts have failed', async () => {
    const world = await openWorld({ retries: 1, retry_delay_seconds: 0, max_active_runs: null })
    world.engine.will('load', failing(true), failing(false))
    const worker = world.startWorker({ concurrency: 1 })
    await world.request('a')
    await world.has('a', 'RunRetryScheduled')
    await world.say('a', c.queueRetry(new Date().toISOString()))
    await world.has('a', 'RunFailed')
    await world.request('b')
    await world.has('b', 'RunSucceeded')
    await until(() => worker.stats().active === 0)
    expect(worker.stats()).toMatchObject({ finished: 1, failed: 2 })
  })
})
