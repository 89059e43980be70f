import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CommandHandler } from '../../src/app/handle.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { byHand, Clocks, keeperOf, leaseMs } from '../support/leases.ts'
import { Pump } from '../support/pump.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** Processes that follow one ledger; one that has died says nothing more. */
const twoProcesses = async () => {
  const ledger = new InMemoryLedger()
  const dead = new Set<string>()
  const start = (owner: string) => {
    const handler = new CommandHandler(ledger)
    const handle: CommandHandler['handle'] = (...given) =>
      dead.has(owner) ? new Promise(() => undefined) : handler.handle(...given)
    return keeperOf(ledger, owner, { commands: { handle } })
  }
  const [a, b] = [start('a'), start('b')]
  const pump = new Pump(ledger, a.keeper, b.keeper)
  onTestFinished(async () => {
    dead.add('a').add('b')
    await pump.stop()
  })
  a.keeper.start()
  await pass(1)
  b.keeper.start()
  await pass(1)
  return { ledger, a, b, kill: (owner: string) => void dead.add(owner) }
}

describe('of two processes', () => {
  test('the first has the lease as long as it lives, and says so once', async () => {
    const { a, b } = await twoProcesses()
    for (let seconds = 0; seconds < 120; seconds += 1) {
      expect([a.keeper.isHeld(), b.keeper.isHeld()]).toEqual([true, false])
      await pass(1_000)
    }
    expect([a.told, b.told]).toEqual([['won'], []])
    expect([a.log.lines, b.log.lines]).toEqual([['info: a role was taken'], []])
  })

  test('only the holder appends, three times in the time of a lease, to a stream that keeps one event', async () => {
    const { ledger } = await twoProcesses()
    const before = ledger.appends.length
    await pass(10 * leaseMs)
    expect(ledger.appends.length - before).toBe(30)
    expect(new Set(ledger.appends.map(({ stream }) => stream))).toEqual(new Set(['lease-system.webhooks']))
    expect(ledger.kept.get('lease-system.webhooks')).toBe(1)
  })

  test('the other takes over at once when the first one stops', async () => {
    const { a, b } = await twoProcesses()
    const stopping = a.keeper.stop()
    expect(a.keeper.isHeld()).toBe(false)
    await pass(30)
    await stopping
    expect([a.keeper.isHeld(), b.keeper.isHeld()]).toEqual([false, true])
    expect([a.told, b.told]).toEqual([['won', 'lost'], ['won']])
    await pass(5 * leaseMs)
    expect([a.told, b.told]).toEqual([['won', 'lost'], ['won']])
  })

  test('the other takes over when the first one has died, as soon as the lease has run out', async () => {
    const { b, kill } = await twoProcesses()
    await pass(3 * leaseMs + 100)
    kill('a')
    await pass(leaseMs * (2 / 3) - 500)
    expect(b.told).toEqual([])
    await pass(leaseMs / 3 + 600)
    expect([b.told, b.keeper.isHeld()]).toEqual([['won'], true])
  })

  test('the next life of the one that died goes on at once', async () => {
    const { ledger, b, kill } = await twoProcesses()
    kill('a')
    const next = keeperOf(ledger, 'a')
    next.keeper.start()
    await pass(1)
    expect([next.keeper.isHeld(), b.keeper.isHeld()]).toEqual([true, false])
    await next.keeper.stop()
  })
})

describe('a ledger that cannot be written', () => {
  test('is no ground to go on: the lease is lost before another could have it, and won again later', async () => {
    const { ledger, a, b } = await twoProcesses()
    ledger.isDown = true
    await pass(leaseMs * 0.8)
    expect([a.keeper.isHeld(), a.told]).toEqual([false, ['won', 'lost']])
    await pass(5 * leaseMs)
    ledger.isDown = false
    await pass(leaseMs)
    expect([a.keeper.isHeld(), b.keeper.isHeld()].filter((isHeld) => isHeld)).toHaveLength(1)
    expect([...a.told.slice(2), ...b.told]).toEqual(['won'])
  })

  test('that loses an acknowledgement has taken the lease all the same', async () => {
    const { ledger, a } = await twoProcesses()
    ledger.faults = ['after']
    await pass(leaseMs / 2)
    expect([a.keeper.isHeld(), a.told]).toEqual([true, ['won']])
  })

  test('does not hold up who stops', async () => {
    const { ledger, a } = await twoProcesses()
    ledger.isDown = true
    let isOver = false
    void a.keeper.stop().then(() => {
      isOver = true
    })
    await pass(2_100)
    expect(isOver).toBe(true)
  })

  test('that answers when the time is over has given nothing', async () => {
    const ledger = new InMemoryLedger()
    ledger.faults = [{ delayMs: leaseMs * 0.85 }]
    const { keeper, told } = keeperOf(ledger, 'a')
    const renewed = keeper.renew()
    await pass(leaseMs)
    await renewed
    expect([keeper.isHeld(), told]).toEqual([false, []])
  })
})

describe('a process that was stopped for a while', () => {
  const held = async () => {
    const clocks = new Clocks()
    const ledger = new InMemoryLedger(() => clocks.wallMs)
    const one = keeperOf(ledger, 'a', byHand(clocks))
    await one.keeper.renew()
    expect(one.keeper.isHeld()).toBe(true)
    return { clocks, ledger, ...one }
  }

  test.each([
    ['both clocks went on', 8_000, 8_000],
    ['the machine slept, and only the calendar went on', 8_000, 0],
    ['the calendar was put back meanwhile', -60_000, 8_000],
  ])('does not believe itself the holder: %s', async (_, wallMs, monotonicMs) => {
    const { clocks, keeper, told } = await held()
    clocks.wallMs += wallMs
    clocks.monotonicMs += monotonicMs
    expect(keeper.isHeld()).toBe(false)
    expect(told).toEqual(['won', 'lost'])
  })

  test('is told that it lost the lease before it is told that it has it again', async () => {
    const { clocks, keeper, told } = await held()
    clocks.pass(60_000)
    await keeper.renew()
    expect(told).toEqual(['won', 'lost', 'won'])
  })

  test('does not have it back when another has taken it', async () => {
    const { clocks, ledger, keeper, told } = await held()
    clocks.pass(10_000)
    const other = keeperOf(ledger, 'b', byHand(clocks))
    await other.keeper.renew()
    await keeper.renew()
    expect([keeper.isHeld(), other.keeper.isHeld(), told]).toEqual([false, true, ['won', 'lost']])
  })

  test('is still the holder after a time that the margin allows', async () => {
    const { clocks, keeper } = await held()
    clocks.pass(7_999)
    expect(keeper.isHeld()).toBe(true)
  })
})
