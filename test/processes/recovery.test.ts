import { describe, expect, onTestFinished, test } from 'vitest'
import { dueWork } from '../../projections/due-work.ts'
import { endedClaims } from '../../projections/run-queries.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { Reconciler } from '../../src/processes/reconciler.ts'
import { codeOf } from '../support/failure.ts'
import { gate } from '../support/fake-engine.ts'
import { partitionOf } from '../support/ids.ts'
import { request } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'
import { viewed } from '../support/viewed.ts'
import { until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

/** Ledger, views, bus and reconciler; time is as far ahead as a test says. */
const openService = async (orchestration: Parameters<typeof openWorld>[0] = {}) => {
  const world = await openWorld(orchestration)
  const clock = { aheadMs: 0 }
  const { views, pump } = viewed(world.ledger)
  const reconciler = new Reconciler({
    commands: new CommandHandler(world.ledger),
    bus: world.bus,
    log: world.log,
    due: dueWork(views),
    head: () => world.ledger.head(),
    nowMs: () => Date.now() + clock.aheadMs,
    leaseMs: 30_000,
    worker: 'reconciler.1',
  })
  onTestFinished(() => reconciler.stop())
  const sweep = async () => {
    await pump.settled()
    await reconciler.sweep()
    await pump.settled()
  }
  return { ...world, clock, views, pump, sweep }
}

const open = (service: Awaited<ReturnType<typeof openService>>) =>
  endedClaims(service.views, 99).map(({ run_id }) => run_id)

describe('a run whose worker is gone', () => {
  test('is taken up again after its lease, and ends', async () => {
    const service = await openService()
    await service.request('r')
    for (const command of [c.startRun(1, 'gone.1'), c.startStage('extract'), c.completeStage('extract')]) {
      await service.say('r', command)
    }
    service.startWorker()
    await service.sweep()
    expect(service.engine.jobs).toEqual([])
    service.clock.aheadMs = 31_000
    await service.sweep()
    await service.has('r', 'RunSucceeded')
    expect(service.engine.calls).toEqual(['open r.2', 'load r.2', 'close r.2', 'publish r'])
  })

  test('is canceled by another one, when it is to be canceled', async () => {
    const service = await openService()
    await service.request('r')
    await service.say('r', c.startRun(1, 'gone.1'))
    await service.say('r', c.cancelRun)
    service.startWorker()
    service.clock.aheadMs = 31_000
    await service.sweep()
    await service.has('r', 'RunCanceled')
  })

  test('keeps its worker as long as that renews its lease', async () => {
    const service = await openService()
    const held = gate()
    service.engine.will('extract', held.wait)
    service.startWorker({ leaseMs: 60, nowMs: () => Date.now() + service.clock.aheadMs })
    await service.request('r')
    await held.isReached
    service.clock.aheadMs = 31_000
    await until(() => service.ledger.all.some(({ type }) => type === 'LeaseTaken'))
    service.clock.aheadMs = 31_000 - 1_000
    await service.sweep()
    held.open()
    await service.has('r', 'RunSucceeded')
    expect(service.engine.jobs).toHaveLength(1)
  })
})

test('a run that the bus has lost is sent again', async () => {
  const service = await openService()
  service.bus.publish = async () => undefined
  await service.request('r')
  await service.pump.settled()
  Reflect.deleteProperty(service.bus, 'publish')
  service.startWorker()
  await service.sweep()
  await service.has('r', 'RunSucceeded')
})

test('a retry that nobody waits for is queued when it is due', async () => {
  const service = await openService({ retries: 1, retry_delay_seconds: 60 })
  await service.request('r')
  await service.say('r', c.startRun(1, 'gone.1'))
  await service.say('r', c.failRun({ stage: null, at: new Date().toISOString() }))
  service.startWorker()
  await service.sweep()
  expect(service.typesOf('r').at(-1)).toBe('RunRetryScheduled')
  service.clock.aheadMs = 61_000
  await service.sweep()
  await service.has('r', 'RunSucceeded')
})

describe('the claim of a run that has ended', () => {
  test('is released by a sweep, and not looked for again', async () => {
    const service = await openService()
    await service.request('r')
    await service.say('r', c.cancelRun)
    await service.pump.settled()
    expect(open(service)).toEqual(['r'])
    await service.sweep()
    expect(open(service)).toEqual([])
  })

  test('is not looked for any more when another run has taken it over', async () => {
    const service = await openService()
    await service.request('r')
    await service.say('r', c.cancelRun)
    await service.request('s')
    await service.sweep()
    expect(open(service)).toEqual([])
  })

  test('is still looked for when the same id was turned away on another partition', async () => {
    const service = await openService()
    const other = new CommandHandler(service.ledger)
    const chosen = { runIdChosen: true }
    service.ledger.faults = [
      { meanwhile: () => request(other, 'r', { ...chosen, partition: partitionOf('2001-01-02') }) },
    ]
    expect(await codeOf(service.request('r', chosen))).toBe('RUN_EXISTS')
    await service.say('r', c.cancelRun)
    await service.pump.settled()
    expect(open(service)).toEqual(['r'])
  })
})
