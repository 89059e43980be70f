import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommandHandler } from '../../src/app/handle.ts'
import type { Ledger } from '../../src/app/ports/ledger.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { byHand, Clocks, keeperOf, leaseMs } from '../support/leases.ts'

const skewMaxMs = leaseMs / 5
const owners = ['a', 'b', 'c'] as const

type Step = { kind: 'renew' | 'stop'; who: 0 | 1 | 2 } | { kind: 'pass'; ms: number }

const who = fc.constantFrom(0 as const, 1 as const, 2 as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('renew' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.nat(200), fc.nat(leaseMs * 1.5)) }),
  },
)

/** What a ledger does takes its time: the scheduler says when it is asked and when the answer comes. */
const slow = (ledger: InMemoryLedger, scheduler: fc.Scheduler): Ledger => {
  const soon = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    await scheduler.schedule(Promise.resolve(), 'on the way')
    const result = await ask()
    await scheduler.schedule(Promise.resolve(), 'on the way back')
    return result
  }
  return {
    append: (...given) => soon(() => ledger.append(...given)),
    read: (...given) => soon(() => ledger.read(...given)),
    readLast: (stream) => soon(() => ledger.readLast(stream)),
    keepLast: (...given) => ledger.keepLast(...given),
    keepFor: (...given) => ledger.keepFor(...given),
  }
}

test('whatever the order of what happens, two never have the lease, with clocks that differ by less than the margin', async () => {
  let won = 0
  let changes = 0
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(step, { minLength: 10, maxLength: 40 }),
    fc.tuple(fc.nat(skewMaxMs - 1), fc.nat(skewMaxMs - 1), fc.nat(skewMaxMs - 1)),
    async (scheduler, steps, skews) => {
      const clocks = new Clocks()
      const ledger = new InMemoryLedger(() => clocks.wallMs)
      const processes = owners.map((owner, index) =>
        keeperOf(ledger, owner, {
          ...byHand(clocks, skews[index]),
          commands: new CommandHandler(slow(ledger, scheduler)),
        }),
      )
      const holders = () => owners.filter((_, index) => processes[index]?.keeper.isHeld())
      const check = () => expect(holders().length).toBeLessThanOrEqual(1)
      const going: Promise<void>[] = []
      const { task } = scheduler.scheduleSequence(
        steps.map((each) => async () => {
          if (each.kind === 'pass') clocks.pass(each.ms)
          else {
            const keeper = processes[each.who]?.keeper
            if (keeper) going.push(each.kind === 'renew' ? keeper.renew() : keeper.stop())
          }
          check()
        }),
      )
      const checked = async (act: () => Promise<unknown>) => {
        await act()
        check()
      }
      await scheduler.waitFor(task, checked)
      await scheduler.waitFor(Promise.all(going), checked)
      await scheduler.waitFor(Promise.all(processes.map(({ keeper }) => keeper.stop())))
      won += processes.flatMap(({ told }) => told.filter((word) => word === 'won')).length
      changes += processes.filter(({ told }) => told.includes('won')).length > 1 ? 1 : 0
    },
  )
  await fc.assert(property, { numRuns: 300 })
  // It has seen leases that were won, and that went from one to another.
  expect(won).toBeGreaterThan(300)
  expect(changes).toBeGreaterThan(30)
})
