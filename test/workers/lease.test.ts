import { describe, expect, test } from 'vitest'
import { gate } from '../support/fake-engine.ts'
import { sleep, until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

type World = Awaited<ReturnType<typeof openWorld>>
const leasesOf = (world: World) => world.ledger.all.filter(({ type }) => type === 'LeaseTaken')

describe('a worker at a long stage', () => {
  test('renews its lease on the run, in a stream of its attempt that keeps one event', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker({ leaseMs: 60, worker: 'box.1' })
    await world.request('r')
    await until(() => leasesOf(world).length >= 3)
    held.open()
    await world.has('r', 'RunSucceeded')
    const [first, second] = leasesOf(world)
    expect(first?.event?.data).toMatchObject({ role: 'run.r', owner: 'box.1', epoch: 1 })
    expect(first?.stream).toBe('lease-acme.run.r.1')
    expect(world.ledger.kept.get('lease-acme.run.r.1')).toBe(1)
    const untilOf = (event: typeof first) => (event?.event?.type === 'LeaseTaken' ? event.event.data.until : '')
    expect(untilOf(second) > untilOf(first)).toBe(true)
    expect(first?.metadata).toMatchObject({ correlationId: 'request-1', origin: 'worker:box.1' })
  })

  test('begins no run before its engine is prepared, however long that takes', async () => {
    const world = await openWorld()
    const started: boolean[] = []
    world.engine.will('prepare', async () => {
      await sleep(50)
      started.push(world.typesOf('r').includes('RunStarted'))
    })
    world.startWorker({ leaseMs: 60 })
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    expect(started).toEqual([false])
  })

  test('never lets as much time pass without a sign of life as the lease lasts', async () => {
    const world = await openWorld()
    const held = gate()
    const leaseMs = 600
    world.engine.will('extract', held.wait)
    world.startWorker({ leaseMs })
    await world.request('r')
    await sleep(leaseMs * 3)
    held.open()
    await world.has('r', 'RunSucceeded')
    const signs = world.ledger.all
      .filter(({ stream }) => stream.startsWith('run-') || stream.startsWith('lease-'))
      .map(({ recordedAt }) => Date.parse(recordedAt))
    const pauses = signs.slice(1).map((sign, index) => sign - (signs[index] ?? 0))
    expect(Math.max(...pauses)).toBeLessThan(leaseMs)
  })

  test('keeps its job from being delivered to somebody else', async () => {
    const world = await openWorld()
    world.startWorker({ leaseMs: 60 })
    const held = gate()
    world.engine.will('extract', held.wait)
    await world.request('r')
    await sleep(100)
    held.open()
    await world.has('r', 'RunSucceeded')
    expect(world.engine.jobs).toHaveLength(1)
  })
})

describe('a worker that says something anyway', () => {
  test('renews nothing', async () => {
    const world = await openWorld()
    world.startWorker({ leaseMs: 60_000 })
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    await sleep(20)
    expect(leasesOf(world)).toEqual([])
  })
})

describe('a worker that the ledger does not answer', () => {
  test('leaves its run as it is: whoever comes next goes on', async () => {
    const world = await openWorld({ retries: 0 })
    const held = gate()
    world.engine.will('extract', held.wait)
    const worker = world.startWorker({ stopGraceMs: 10_000 })
    await world.request('r')
    await held.isReached
    world.ledger.isDown = true
    held.open()
    await worker.stop()
    expect(world.typesOf('r').at(-1)).toBe('StageStarted')
    expect(world.log.lines).toContain('info: an attempt was left')
    expect(world.engine.calls).toContain('close r.1')
  })

  test('goes on when only a renewal failed', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker({ leaseMs: 30 })
    await world.request('r')
    await held.isReached
    world.ledger.faults = ['before', 'before']
    await until(() => leasesOf(world).length > 0)
    held.open()
    await world.has('r', 'RunSucceeded')
  })
})
