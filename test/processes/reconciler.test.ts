import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { DueRun, DueWork } from '../../src/app/ports/due.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { Reconciler } from '../../src/processes/reconciler.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { SilentLog } from '../support/log.ts'
import { manifestOf } from '../support/manifests.ts'
import { RecordingBus } from '../support/recording-bus.ts'
import { partitionStream, register, request } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'

const startMs = Date.UTC(2026, 0, 1)
beforeEach(() => void vi.useFakeTimers({ now: startMs }))
afterEach(() => void vi.useRealTimers())
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms)

const dueRun = (run: string, attempt = 0): DueRun => ({
  tenant,
  runId: runOf(run),
  engine: 'fake',
  attempt,
  cause: { correlationId: 'request-1', causationId: 'event-1' },
})

/** A reconciler, and what the views are said to know. */
const setUp = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const [bus, log] = [new RecordingBus(), new SilentLog()]
  const found = { work: [] as DueRun[], retries: [] as DueRun[], endedClaims: [] as DueRun[] }
  const asked: Parameters<DueWork['work']>[0][] = []
  const due: DueWork = {
    work: (times) => {
      asked.push(times)
      return found.work
    },
    retries: () => found.retries,
    endedClaims: () => found.endedClaims,
  }
  const shared = { commands: new CommandHandler(ledger), bus, log, nowMs: () => Date.now(), leaseMs: 30_000 }
  const reconciler = new Reconciler({ ...shared, due, head: async () => 70n, worker: 'box.2' })
  onTestFinished(() => reconciler.stop())
  await register(commands, manifestOf({}, { retries: 3, max_active_runs: 2 }))
  const say = (run: string, command: RunCommand) => {
    const runId = runOf(run)
    return commands.handle(
      runs,
      runId,
      { ...command, runId } as RunCommand,
      contextOf({ at: new Date().toISOString() }),
    )
  }
  const holders = () => {
    const last = ledger.stream(partitionStream()).at(-1)?.event
    return last && 'holders' in last.data ? last.data.holders.map(({ runId }) => String(runId)) : []
  }
  const failOnce = async (run: string) => {
    await request(commands, run)
    await say(run, c.startRun(1))
    await say(run, c.failRun({ stage: null, at: new Date().toISOString() }))
  }
  const statusOf = async (run: string) => (await commands.load(runs, tenant, runOf(run))).state
  return { ledger, commands, bus, log, found, asked, reconciler, say, holders, failOnce, statusOf }
}

describe('when a run has ended', () => {
  test('its partition is released at once, and nobody else’s share of it', async () => {
    const { ledger, commands, reconciler, say, holders } = await setUp()
    await request(commands, 'r')
    await request(commands, 's')
    await say('r', c.cancelRun)
    await reconciler.handle(ledger.all)
    expect(holders()).toEqual(['s'])
    expect(ledger.all.at(-1)?.metadata).toMatchObject({ origin: 'reconciler', correlationId: 'request-1' })
  })

  test('is released once, however often that is seen', async () => {
    const { ledger, commands, reconciler, found, say } = await setUp()
    await request(commands, 'r')
    await say('r', c.cancelRun)
    const seen = [...ledger.all]
    await reconciler.handle(seen)
    await reconciler.handle(seen)
    found.endedClaims = [dueRun('r')]
    await reconciler.sweep()
    expect(ledger.stream(partitionStream()).map(({ type }) => type)).toEqual(['PartitionClaimed', 'PartitionReleased'])
  })

  test('without a claim there is nothing to release', async () => {
    const { ledger, commands, reconciler, say } = await setUp()
    await request(commands, 'r', { partition: null })
    await say('r', c.cancelRun)
    await reconciler.handle(ledger.all)
    expect(ledger.all.at(-1)?.type).toBe('RunCanceled')
  })

  test('and the ledger does not answer, the events come again', async () => {
    const { ledger, commands, reconciler, say, holders } = await setUp()
    await request(commands, 'r')
    await say('r', c.cancelRun)
    const seen = [...ledger.all]
    ledger.isDown = true
    const handling = expect(reconciler.handle(seen)).rejects.toThrow()
    await passMs(10_000)
    await handling
    ledger.isDown = false
    await reconciler.handle(seen)
    expect(holders()).toEqual([])
  })

  test('unseen, a sweep finds its claim', async () => {
    const { commands, reconciler, found, say, holders } = await setUp()
    await request(commands, 'r')
    await say('r', c.cancelRun)
    found.endedClaims = [dueRun('r')]
    await reconciler.sweep()
    expect(holders()).toEqual([])
  })
})

describe('a run that waits for its retry', () => {
  test('is queued when its pause is over', async () => {
    const { ledger, reconciler, failOnce, statusOf } = await setUp()
    await failOnce('r')
    await reconciler.handle(ledger.all)
    await passMs(4_000)
    expect((await statusOf('r')).retryDueAt).not.toBeNull()
    await passMs(1_100)
    expect(await statusOf('r')).toMatchObject({ status: 'queued', retryDueAt: null, failures: 1 })
  })

  test('is queued once, though its retry was seen twice and swept as well', async () => {
    const { ledger, reconciler, found, failOnce } = await setUp()
    await failOnce('r')
    const seen = [...ledger.all]
    await reconciler.handle(seen)
    await reconciler.handle(seen)
    await passMs(6_000)
    found.retries = [dueRun('r', 1)]
    await reconciler.sweep()
    expect(ledger.stream('run-acme.r').filter(({ type }) => type === 'RunQueued')).toHaveLength(2)
  })

  test('unseen, is found by a sweep', async () => {
    const { reconciler, found, failOnce, statusOf } = await setUp()
    await failOnce('r')
    await passMs(6_000)
    found.retries = [dueRun('r', 1)]
    await reconciler.sweep()
    expect((await statusOf('r')).retryDueAt).toBeNull()
  })

  test('is not queued by a reconciler that was stopped', async () => {
    const { ledger, reconciler, failOnce, statusOf } = await setUp()
    await failOnce('r')
    await reconciler.handle(ledger.all)
    await reconciler.stop()
    await passMs(60_000)
    expect((await statusOf('r')).retryDueAt).not.toBeNull()
  })
})

describe('a sweep', () => {
  test('sends what is due and nobody is at, as the next attempt', async () => {
    const { reconciler, bus, found, asked } = await setUp()
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
    const { reconciler, asked } = await setUp()
    await reconciler.start()
    expect(asked).toHaveLength(1)
    await passMs(25_000)
    expect(asked).toHaveLength(3)
    await reconciler.stop()
    await passMs(60_000)
    expect(asked).toHaveLength(3)
  })

  test('that fails is told, and the next one tries again', async () => {
    const { reconciler, bus, log, found } = await setUp()
    found.work = [dueRun('r')]
    bus.isDown = true
    await reconciler.sweep()
    expect(log.lines).toEqual(['warn: a due run was left to the next sweep'])
    bus.isDown = false
    await reconciler.sweep()
    expect(bus.jobs).toHaveLength(1)
  })

  test('is not held up by one run that cannot be dealt with', async () => {
    const { reconciler, bus, found, failOnce, statusOf } = await setUp()
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
  expect(await (await setUp()).reconciler.position()).toBe(70n)
})
