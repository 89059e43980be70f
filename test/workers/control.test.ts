import { describe, expect, test } from 'vitest'
import { failing, gate, untilInterrupted } from '../support/fake-engine.ts'
import { otherTenant, runOf, tenant } from '../support/ids.ts'
import { jobFor } from '../support/jobs.ts'
import * as c from '../support/run-commands.ts'
import { sleep } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

const removedOf = (world: Awaited<ReturnType<typeof openWorld>>) => {
  const event = world.eventsOf('r').at(-1)?.event
  return event?.type === 'RunCanceled' ? event.data.removed : event?.type
}

describe('a cancel', () => {
  test('interrupts the stage in progress, removes what was staged, and says what that was', async () => {
    const world = await openWorld()
    world.engine.will('load', untilInterrupted)
    world.startWorker()
    await world.request('r')
    await world.has('r', 'StageCompleted')
    await world.say('r', c.cancelRun)
    await world.has('r', 'RunCanceled')
    expect(removedOf(world)).toEqual(['.staging/r/1/extract.parquet'])
    expect(world.engine.published).toEqual([])
    expect(world.engine.staged.size).toBe(0)
    expect(world.engine.calls.slice(-2)).toEqual(['close r.1', 'discard r'])
  })

  test('is heard at the end of a stage that will not be interrupted', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.cancelRun)
    await sleep(20)
    expect(world.typesOf('r').at(-1)).toBe('RunCancelRequested')
    held.open()
    await world.has('r', 'RunCanceled')
    expect(removedOf(world)).toEqual(['.staging/r/1/extract.parquet'])
  })

  test('wins over a stage that fails at the same time', async () => {
    const world = await openWorld({ retries: 5 })
    const held = gate()
    world.engine.will('extract', (signal) => Promise.resolve(held.wait(signal)).then(() => failing(true)(signal)))
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.cancelRun)
    held.open()
    await world.has('r', 'RunCanceled')
    expect(world.typesOf('r')).not.toContain('StageFailed')
  })

  test('that never reached the worker wins over its failure all the same', async () => {
    const world = await openWorld({ retries: 5 })
    const held = gate()
    world.bus.sendControl = () => undefined
    world.engine.will('extract', (signal) => Promise.resolve(held.wait(signal)).then(() => failing(true)(signal)))
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.cancelRun)
    held.open()
    await world.has('r', 'RunCanceled')
    expect(world.typesOf('r')).not.toContain('StageFailed')
  })

  test('before any worker came ends the run at once, and no engine is asked', async () => {
    const world = await openWorld()
    await world.request('r')
    await world.say('r', c.cancelRun)
    expect(world.typesOf('r').at(-1)).toBe('RunCanceled')
    world.startWorker()
    await sleep(30)
    expect(world.engine.calls).toEqual([])
    expect(world.typesOf('r').at(-1)).toBe('RunCanceled')
  })

  test('of a paused run that nobody is at sends a worker to clean up', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.pauseRun)
    held.open()
    await world.has('r', 'StageCompleted')
    await sleep(20)
    await world.say('r', c.cancelRun)
    await world.has('r', 'RunCanceled')
    expect(removedOf(world)).toEqual(['.staging/r/1/extract.parquet'])
    expect(world.typesOf('r').filter((type) => type === 'RunStarted')).toHaveLength(1)
  })

  test('that a worker takes over from one that is gone cleans up for it', async () => {
    const world = await openWorld()
    await world.request('r')
    await world.say('r', c.startRun(1, 'gone.1'))
    await world.say('r', c.cancelRun)
    world.engine.staged.set(runOf('r'), ['.staging/r/1/half'])
    world.startWorker()
    await world.bus.publish(jobFor('r', { id: 'r.2', attempt: 2 }))
    await world.has('r', 'RunCanceled')
    expect(removedOf(world)).toEqual(['.staging/r/1/half'])
  })

  test('leaves nothing staged, though a worker that was overtaken comes back after it', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker({ worker: 'slow.1' })
    await world.request('r')
    await held.isReached
    world.startWorker({ worker: 'quick.1' })
    await world.say('r', c.cancelRun)
    await world.bus.publish(jobFor('r', { id: 'r.2', attempt: 2 }))
    await world.has('r', 'RunCanceled')
    held.open()
    await sleep(30)
    expect([...world.engine.staged]).toEqual([])
  })

  test('means the run of that tenant and no other', async () => {
    const world = await openWorld()
    const held = gate()
    let isInterrupted = false
    world.engine.will('extract', async (signal) => {
      await held.wait(signal)
      isInterrupted = signal.aborted
    })
    world.startWorker()
    await world.request('r')
    await held.isReached
    world.bus.sendControl({ kind: 'cancel', tenant: otherTenant, runId: runOf('r') })
    world.bus.sendControl({ kind: 'cancel', tenant, runId: runOf('s') })
    world.bus.sendControl({ kind: 'pause', tenant, runId: runOf('r') })
    await sleep(10)
    held.open()
    await world.has('r', 'RunSucceeded')
    expect(isInterrupted).toBe(false)
  })

  test('that the ledger does not know of breaks nothing off for good', async () => {
    const world = await openWorld()
    world.engine.will('load', untilInterrupted)
    world.startWorker()
    await world.request('r')
    await world.has('r', 'StageCompleted')
    world.bus.sendControl({ kind: 'cancel', tenant, runId: runOf('r') })
    await sleep(20)
    expect([...world.engine.staged.keys()]).toEqual(['r'])
    await world.bus.publish(jobFor('r', { id: 'r.2', attempt: 2 }))
    await world.has('r', 'RunSucceeded')
  })
})

describe('a pause', () => {
  test('lets the stage in progress finish, and a resume goes on after it', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.pauseRun)
    held.open()
    await world.has('r', 'StageCompleted')
    await sleep(30)
    expect(world.engine.calls).toEqual(['open r.1', 'extract r.1', 'close r.1'])
    await world.say('r', c.resumeRun)
    await world.has('r', 'RunSucceeded')
    expect(world.engine.calls.slice(3)).toEqual(['open r.2', 'load r.2', 'close r.2', 'publish r'])
  })

  test('that is over before the stage is makes no difference', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.pauseRun)
    await world.say('r', c.resumeRun)
    held.open()
    await world.has('r', 'RunSucceeded')
    expect(world.engine.jobs.map(({ attempt }) => attempt)).toEqual([1])
  })

  test('before any worker came keeps them away, and a resume calls them', async () => {
    const world = await openWorld()
    await world.request('r')
    await world.say('r', c.pauseRun)
    world.startWorker()
    await sleep(30)
    expect(world.engine.calls).toEqual([])
    await world.say('r', c.resumeRun)
    await world.has('r', 'RunSucceeded')
  })

  test('keeps a failed run from being tried again until it is resumed', async () => {
    const world = await openWorld({ retries: 1, retry_delay_seconds: 3_600 })
    const held = gate()
    world.engine.will('extract', (signal) => Promise.resolve(held.wait(signal)).then(() => failing(true)(signal)))
    world.startWorker()
    await world.request('r')
    await held.isReached
    await world.say('r', c.pauseRun)
    held.open()
    await world.has('r', 'RunRetryScheduled')
    await world.say('r', c.resumeRun)
    await world.has('r', 'RunSucceeded')
  })
})
