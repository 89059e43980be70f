import { describe, expect, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { fastForward } from '../support/fast-forward.ts'
import { partitionOf, runOf } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'
import { partitionStream, register, request } from '../support/requests.ts'
import { atTime } from '../support/run-events.ts'

const setUp = async (maxActiveRuns: number | null = 1) => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  await register(commands, manifestOf({}, { max_active_runs: maxActiveRuns }))
  const holders = () => {
    const last = ledger.stream(partitionStream()).at(-1)?.event
    return last && 'holders' in last.data ? last.data.holders.map(({ runId }) => String(runId)) : []
  }
  const cancel = (run: string) =>
    commands.handle(runs, runOf(run), { type: 'CancelRun', runId: runOf(run) }, contextOf())
  return { ledger, commands, other: new CommandHandler(ledger), holders, cancel }
}

describe('a partition', () => {
  test('is claimed by the run before the run is requested', async () => {
    const { ledger, commands } = await setUp()
    const context = contextOf()
    const { state } = await request(commands, 'r', {}, context)
    expect(ledger.all.map(({ type }) => type)).toEqual([
      'PipelineCreated',
      'PartitionClaimed',
      'RunRequested',
      'RunQueued',
    ])
    expect(ledger.stream(partitionStream()).at(-1)?.event).toMatchObject({
      data: { holders: [{ runId: 'r', commandId: context.commandId, at: context.at }] },
    })
    expect(state.requested?.claim).toBe(context.commandId)
  })

  test('has one active run, unless the manifest allows more', async () => {
    const one = await setUp(1)
    await request(one.commands, 'r')
    expect(await codeOf(request(one.commands, 's'))).toBe('RUN_ACTIVE')
    expect(one.ledger.stream('run-acme.s')).toEqual([])

    const two = await setUp(2)
    await request(two.commands, 'r')
    await request(two.commands, 's')
    expect(await codeOf(request(two.commands, 't'))).toBe('RUN_ACTIVE')
    expect(two.holders()).toEqual(['r', 's'])
  })

  test('does not keep another one from running', async () => {
    const { commands } = await setUp()
    await request(commands, 'r')
    expect((await request(commands, 's', { partition: partitionOf('2001-01-02') })).state.status).toBe('queued')
  })

  test.each([
    ['any number of runs is allowed', null, partitionOf('2001-01-01')],
    ['the run is of no partition', 1, null],
  ])('is not claimed where %s', async (_, limit, partition) => {
    const { ledger, commands } = await setUp(limit)
    const { state } = await request(commands, 'r', { partition })
    await request(commands, 's', { partition })
    expect(state.requested?.claim).toBeNull()
    expect(ledger.all.filter(({ type }) => type === 'PartitionClaimed')).toEqual([])
  })

  test.each([1, 2, 3])('has %d runs and no more, however many are asked for at once', async (limit) => {
    const { ledger, commands, other } = await setUp(limit)
    const processes = [commands, other, new CommandHandler(ledger)]
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, index) => codeOf(request(processes[index % 3] ?? other, `r${index}`))),
    )
    expect(answers.filter((code) => code === 'none')).toHaveLength(limit)
    expect(answers.filter((code) => code === 'RUN_ACTIVE')).toHaveLength(9 - limit)
  })
})

describe('the claim of a run that has ended', () => {
  test('is taken over at once, released or not', async () => {
    const { commands, other, cancel, holders } = await setUp()
    await request(commands, 'r')
    await cancel('r')
    expect((await request(other, 's')).state.status).toBe('queued')
    expect(holders()).toEqual(['s'])
  })

  test('leaves the claims of those that have not', async () => {
    const { commands, cancel, holders } = await setUp(2)
    await request(commands, 'r')
    await request(commands, 's')
    await cancel('r')
    await request(commands, 't')
    expect(holders()).toEqual(['s', 't'])
    expect(await codeOf(request(commands, 'u'))).toBe('RUN_ACTIVE')
  })
})

describe('the claim of a run that never came about', () => {
  /** The run `slow` has claimed at second 0, and its request hangs. */
  const hanging = async () => {
    const parts = await setUp()
    parts.ledger.faults = [undefined, 'before', 'before', 'before', 'before']
    const code = await fastForward(() => codeOf(request(parts.commands, 'slow', {}, contextOf({ at: atTime(0) }))))
    expect([code, parts.holders()]).toEqual(['LEDGER_UNAVAILABLE', ['slow']])
    return parts
  }

  test('holds for 30 seconds', async () => {
    const { other } = await hanging()
    expect(await codeOf(request(other, 'next', {}, contextOf({ at: atTime(30) })))).toBe('RUN_ACTIVE')
  })

  test('is taken over after that, and the run is kept from coming about', async () => {
    const { ledger, other, holders } = await hanging()
    await request(other, 'next', {}, contextOf({ at: atTime(31) }))
    expect(holders()).toEqual(['next'])
    expect(ledger.stream('run-acme.slow').map(({ type }) => type)).toEqual(['RunRejected'])
  })

  test('is not taken over from the run that comes about in the last moment', async () => {
    const { ledger, commands, other, holders } = await hanging()
    ledger.faults = [
      { meanwhile: () => request(commands, 'slow', { partition: null, runIdChosen: true }, contextOf()) },
    ]
    expect(await codeOf(request(other, 'next', {}, contextOf({ at: atTime(31) })))).toBe('RUN_ACTIVE')
    expect(holders()).toEqual(['slow'])
  })

  test('is lost to the slow one, which is told so', async () => {
    const { ledger, commands, other, holders } = await setUp()
    const takeOver = () => request(other, 'next', {}, contextOf({ at: atTime(31) }))
    ledger.faults = [undefined, { meanwhile: takeOver }]
    expect(await codeOf(request(commands, 'slow', {}, contextOf({ at: atTime(0) })))).toBe('CLAIM_LOST')
    expect(holders()).toEqual(['next'])
  })
})

describe('the claim of a run that is refused', () => {
  test('is given back at once', async () => {
    const { ledger, commands, other, holders } = await setUp()
    const elsewhere = { partition: partitionOf('2001-01-02'), runIdChosen: true }
    ledger.faults = [{ meanwhile: () => request(other, 'r', elsewhere) }]
    expect(await codeOf(request(commands, 'r', { runIdChosen: true }))).toBe('RUN_EXISTS')
    expect(holders()).toEqual([])
    expect((await request(commands, 's')).state.status).toBe('queued')
  })

  test('is kept while it is not known whether it came about', async () => {
    const { ledger, commands, holders } = await setUp()
    ledger.faults = [undefined, 'after', 'after', 'after', 'after']
    expect(await fastForward(() => codeOf(request(commands, 'r')))).toBe('LEDGER_UNAVAILABLE')
    expect(holders()).toEqual(['r'])
    expect(await codeOf(request(commands, 's'))).toBe('RUN_ACTIVE')
  })
})
