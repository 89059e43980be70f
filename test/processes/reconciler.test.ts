import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { partitions } from '../../src/app/aggregates.ts'
import { contextOf } from '../support/contexts.ts'
import { commandIdOf, runOf, tenant } from '../support/ids.ts'
import { dueRun, reconciling } from '../support/reconciling.ts'
import { partitionStream, request } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'

const startMs = Date.UTC(2026, 0, 1)
beforeEach(() => void vi.useFakeTimers({ now: startMs }))
afterEach(() => void vi.useRealTimers())
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('when a run has ended', () => {
  const staged = ['extract', 'load'].flatMap((stage) => [c.startStage(stage), c.completeStage(stage)])
  test.each([
    ['succeeded', [c.startRun(1), ...staged, c.commitOutputs(), c.succeedRun()]],
    ['failed', [c.startRun(1), c.failRun({ stage: null, retryable: false })]],
    ['been canceled', [c.cancelRun]],
  ])('and has %s, its partition is released at once, and nobody else’s share of it', async (_, said) => {
    const { ledger, commands, reconciler, say, holders } = await reconciling()
    await request(commands, 'r')
    await request(commands, 's')
    for (const command of said) await say('r', command)
    await reconciler.handle(ledger.all)
    expect(holders()).toEqual(['s'])
    expect(ledger.all.at(-1)?.metadata).toMatchObject({ origin: 'reconciler', correlationId: 'request-1' })
  })

  test('only what it held is released, not what another request of the same id has just claimed', async () => {
    const { ledger, commands, reconciler, say } = await reconciling()
    await request(commands, 'r')
    const again = { type: 'ClaimPartition' as const, runId: runOf('r'), at: '', limit: 2, gone: [] }
    const id = partitionStream().slice(`partition-${tenant}.`.length)
    await commands.handle(partitions, id, { ...again, commandId: commandIdOf(9) }, contextOf())
    await say('r', c.cancelRun)
    await reconciler.handle(ledger.all)
    expect(ledger.stream(partitionStream()).at(-1)?.event?.data).toMatchObject({
      holders: [{ runId: 'r', commandId: commandIdOf(9) }],
    })
  })

  test('is released once, however often that is seen', async () => {
    const { ledger, commands, reconciler, found, say } = await reconciling()
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
    const { ledger, commands, reconciler, say } = await reconciling()
    await request(commands, 'r', { partition: null })
    await say('r', c.cancelRun)
    await reconciler.handle(ledger.all)
    expect(ledger.all.at(-1)?.type).toBe('RunCanceled')
  })

  test('and the ledger does not answer, the events come again', async () => {
    const { ledger, commands, reconciler, say, holders } = await reconciling()
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
    const { commands, reconciler, found, say, holders } = await reconciling()
    await request(commands, 'r')
    await say('r', c.cancelRun)
    found.endedClaims = [dueRun('r')]
    await reconciler.sweep()
    expect(holders()).toEqual([])
  })
})

describe('a run that waits for its retry', () => {
  test('is queued when its pause is over', async () => {
    const { ledger, reconciler, failOnce, statusOf } = await reconciling()
    await failOnce('r')
    await reconciler.handle(ledger.all)
    await passMs(4_000)
    expect((await statusOf('r')).retryDueAt).not.toBeNull()
    await passMs(1_100)
    expect(await statusOf('r')).toMatchObject({ status: 'queued', retryDueAt: null, failures: 1 })
  })

  test('is queued once, though its retry was seen twice and swept as well', async () => {
    const { ledger, reconciler, found, failOnce } = await reconciling()
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
    const { reconciler, found, failOnce, statusOf } = await reconciling()
    await failOnce('r')
    await passMs(6_000)
    found.retries = [dueRun('r', 1)]
    await reconciler.sweep()
    expect((await statusOf('r')).retryDueAt).toBeNull()
  })

  test('is not queued by a reconciler that was stopped', async () => {
    const { ledger, reconciler, failOnce, statusOf } = await reconciling()
    await failOnce('r')
    await reconciler.handle(ledger.all)
    await reconciler.stop()
    await passMs(60_000)
    expect((await statusOf('r')).retryDueAt).not.toBeNull()
  })
})
