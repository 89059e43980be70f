import { describe, expect, test } from 'vitest'
import { leases, partitions } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { commandIdOf, runOf, tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { atTime } from '../support/run-events.ts'

const take = (commands: CommandHandler, owner: string, second: number) =>
  commands.handle(
    leases,
    'relay',
    { type: 'TakeLease', role: 'relay', owner, at: atTime(second), until: atTime(second + 30) },
    contextOf(),
  )

const claim = (commands: CommandHandler, run: string, command: number, limit = 1) =>
  commands.handle(
    partitions,
    'p.2001',
    { type: 'ClaimPartition', runId: runOf(run), commandId: commandIdOf(command), at: atTime(0), limit, gone: [] },
    contextOf(),
  )

const release = (commands: CommandHandler, run: string) =>
  commands.handle(partitions, 'p.2001', { type: 'ReleasePartition', runId: runOf(run), commandId: null }, contextOf())

describe('a stream whose last event says it all', () => {
  test('is decided on that event, although the ones before have left it', async () => {
    const ledger = new InMemoryLedger()
    await take(new CommandHandler(ledger), 'a', 0)
    await take(new CommandHandler(ledger), 'a', 10)
    expect((await take(new CommandHandler(ledger), 'b', 50)).state).toEqual({ owner: 'b', epoch: 2, until: atTime(80) })
    expect(await codeOf(take(new CommandHandler(ledger), 'a', 60))).toBe('LEASE_HELD')
  })

  test('still expects the revision of that event', async () => {
    const ledger = new InMemoryLedger()
    for (const second of [0, 10, 20]) await take(new CommandHandler(ledger), 'a', second)
    expect(ledger.appends.map(({ expected }) => expected)).toEqual([-1n, 0n, 1n])
  })

  test('is not decided on a stale one', async () => {
    const ledger = new InMemoryLedger()
    const [mine, other] = [new CommandHandler(ledger), new CommandHandler(ledger)]
    await claim(mine, 'one', 1)
    await release(other, 'one')
    await claim(other, 'two', 2)
    expect(await codeOf(claim(mine, 'one', 1))).toBe('RUN_ACTIVE')
    await release(other, 'two')
    expect((await claim(mine, 'three', 3)).state.holders.map(({ runId }) => runId)).toEqual(['three'])
  })

  test('knows the command of its last event again', async () => {
    const ledger = new InMemoryLedger()
    const [mine, other] = [new CommandHandler(ledger), new CommandHandler(ledger)]
    const context = contextOf()
    const command = { type: 'TakeLease' as const, role: 'relay', owner: 'a', at: atTime(0), until: atTime(30) }
    const first = await mine.handle(leases, 'relay', command, context)
    const again = await other.handle(leases, 'relay', command, context)
    expect(again.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id))
    expect(ledger.all).toHaveLength(1)
  })

  test('reads as what it was written', async () => {
    const ledger = new InMemoryLedger()
    await claim(new CommandHandler(ledger), 'one', 1, 2)
    await claim(new CommandHandler(ledger), 'two', 2, 2)
    const { state, revision } = await new CommandHandler(ledger).load(partitions, tenant, 'p.2001')
    expect([state.holders.map(({ runId }) => runId), revision]).toEqual([['one', 'two'], 1n])
  })
})

describe('a lease', () => {
  test('keeps its last event only', async () => {
    const ledger = new InMemoryLedger()
    await take(new CommandHandler(ledger), 'a', 0)
    expect([...ledger.kept]).toEqual([['lease-acme.relay', 1]])
  })

  test('is refused as unavailable when that cannot be set, and sets it the next time', async () => {
    const ledger = new InMemoryLedger()
    const commands = new CommandHandler(ledger)
    ledger.keepLastFailures = 1
    expect(['none', 'LEDGER_UNAVAILABLE']).toContain(await codeOf(take(commands, 'a', 0)))
    await take(commands, 'a', 1)
    expect([...ledger.kept]).toEqual([['lease-acme.relay', 1]])
  })
})
