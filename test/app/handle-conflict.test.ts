import { describe, expect, test } from 'vitest'
import { leases, pipelines, runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { runDecider } from '../../src/domain/run/decide.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { pipelineOf, runOf, slugOf } from '../support/ids.ts'
import { type Fault, InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'
import * as c from '../support/run-commands.ts'
import { atTime, runId } from '../support/run-events.ts'

const renew = (commands: CommandHandler, second = 0) =>
  commands.handle(
    leases,
    'relay',
    { type: 'TakeLease', role: 'relay', owner: 'a', at: atTime(second), until: atTime(second + 30) },
    contextOf(),
  )

/** As often as wanted, somebody else is faster. */
const setUp = async (conflicts: number) => {
  const ledger = new InMemoryLedger()
  const other = new CommandHandler(ledger)
  await renew(other)
  const faster: Fault = { meanwhile: () => renew(other) }
  ledger.faults = Array.from({ length: conflicts }, () => [faster, undefined]).flat()
  ledger.appends.length = 0
  return { ledger, mine: new CommandHandler(ledger) }
}

describe('a command that is overtaken', () => {
  test.each([1, 2, 4])('%d times is decided again each time, and lands', async (conflicts) => {
    const { ledger, mine } = await setUp(conflicts)
    await renew(mine, 5)
    expect(ledger.stream('lease-acme.relay').at(-1)?.event).toMatchObject({ data: { until: atTime(35) } })
  })

  test('always gives up at the fifth time', async () => {
    const { ledger, mine } = await setUp(20)
    expect(await codeOf(renew(mine, 5))).toBe('CONFLICT')
    const [{ events } = { events: [] }] = ledger.appends
    const tries = ledger.appends.filter((append) => append.events[0]?.id === events[0]?.id)
    expect(tries).toHaveLength(5)
  })

  test('appends the same ids, salts and time when it is decided again', async () => {
    const ledger = new InMemoryLedger()
    const [mine, other] = [new CommandHandler(ledger), new CommandHandler(ledger)]
    await mine.handle(runs, runId, c.requestRun(), contextOf())
    ledger.faults = [{ meanwhile: () => other.handle(runs, runId, c.startRun(1), contextOf()) }]
    ledger.appends.length = 0
    await mine.handle(runs, runId, c.cancelRun, contextOf())
    const mineOnly = ledger.appends.filter(({ events }) => events[0]?.event.type === 'RunCancelRequested')
    const bytes = mineOnly.map(({ events }) => ({ id: events[0]?.id, metadata: events[0]?.metadata }))
    expect(bytes).toHaveLength(2)
    expect(bytes[1]).toEqual(bytes[0])
  })
})

describe('commands on one stream at the same time', () => {
  const register = (commands: CommandHandler, hash: string) =>
    commands.handle(
      pipelines,
      pipelineOf(1),
      {
        type: 'RegisterManifest',
        pipelineId: pipelineOf(1),
        slug: slugOf('p'),
        manifest: manifestOf(),
        manifestHash: hash,
      },
      contextOf(),
    )

  test('all land when they come from one process, in the order of asking and without a conflict', async () => {
    const ledger = new InMemoryLedger()
    const commands = new CommandHandler(ledger)
    const hashes = Array.from({ length: 60 }, (_, index) => `h${index}`)
    await Promise.all(hashes.map((hash) => register(commands, hash)))
    expect(ledger.appends).toHaveLength(60)
    const { state } = await register(commands, 'h59')
    expect(state.versions.map(({ manifestHash }) => manifestHash)).toEqual(hashes)
  })

  test('of several processes leave a stream that folds to what each was told', async () => {
    const ledger = new InMemoryLedger()
    const processes = Array.from({ length: 4 }, () => new CommandHandler(ledger))
    const told = await Promise.all(
      processes.map((commands, index) =>
        codeOf(commands.handle(runs, runId, c.requestRun(), contextOf({ at: atTime(index) }))),
      ),
    )
    expect(told.sort()).toEqual(['RUN_EXISTS', 'RUN_EXISTS', 'RUN_EXISTS', 'none'])
    const started = await Promise.all(
      processes.map((commands) => codeOf(commands.handle(runs, runId, c.startRun(1), contextOf()))),
    )
    expect(started.sort()).toEqual(['STALE_ATTEMPT', 'STALE_ATTEMPT', 'STALE_ATTEMPT', 'none'])
    const { state } = await new CommandHandler(ledger).load(runs, contextOf().tenant, runId)
    expect(state).toMatchObject({ ...runDecider.initial, status: 'running', attempt: 1, requested: expect.anything() })
  })

  test('wait for one another, not for those on other streams', async () => {
    const ledger = new InMemoryLedger()
    const commands = new CommandHandler(ledger)
    const order: string[] = []
    const request = async (id: string, name: string) => {
      await codeOf(commands.handle(runs, runOf(id), c.requestRun({ runId: runOf(id) }), contextOf()))
      order.push(name)
    }
    ledger.faults = [{ delayMs: 40 }]
    await Promise.all([request('slow', 'slow'), request('slow', 'behind it'), request('quick', 'quick')])
    expect(order).toEqual(['quick', 'slow', 'behind it'])
  })

  test('are not held up by one that fails', async () => {
    const commands = new CommandHandler(new InMemoryLedger())
    const say = (command: Parameters<typeof runDecider.decide>[0]) =>
      codeOf(commands.handle(runs, runId, command, contextOf()))
    expect(await Promise.all([say(c.resumeRun), say(c.requestRun()), say(c.resumeRun), say(c.pauseRun)])).toEqual([
      'RUN_NOT_FOUND',
      'none',
      'RUN_NOT_PAUSED',
      'none',
    ])
  })
})
