import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Follower } from '../../src/ledger/follower.ts'
import { FakeSource, Recorder } from '../support/fake-source.ts'
import { dawdle, fail, passMs } from '../support/following.ts'
import { SilentLog } from '../support/log.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** What may happen to one who follows the ledger. */
const turn = fc.oneof(
  { weight: 4, arbitrary: fc.record({ grow: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(600)) }) },
  { weight: 1, arbitrary: fc.record({ breakOff: fc.constant(true) }) },
  { weight: 2, arbitrary: fc.record({ passMs: fc.constantFrom(0, 1, 100, 700) }) },
)
/** What its handler does with its next batches. */
const behaviour = fc.array(fc.constantFrom('take' as const, 'take' as const, 'fail' as const, 'be slow' as const), {
  maxLength: 8,
})

const doings = { take: () => undefined, fail, 'be slow': dawdle(900) }

test('whatever breaks and however often, every handler has seen every event once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1_200 }),
      fc.array(turn, { maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 3 }),
      fc.array(fc.record({ from: fc.integer({ min: -1, max: 800 }), behaviour }), { minLength: 1, maxLength: 3 }),
      async (before, turns, pastBreaks, followers) => {
        const source = new FakeSource()
        source.grow(before)
        source.pastBreaks = pastBreaks
        const follower = new Follower(source, new SilentLog())
        const handlers = followers.map(({ from, behaviour: hows }, index) => {
          const handler = new Recorder(`h${index}`, BigInt(Math.min(from, before)) * 10n)
          handler.before = hows.map((how) => doings[how])
          follower.add(handler)
          return { handler, from: Math.max(0, Math.min(from, before)) }
        })
        await follower.start()
        for (const next of turns) {
          if ('grow' in next) source.grow(next.grow)
          else if ('breakOff' in next) source.breakOff()
          else await passMs(next.passMs)
        }
        await passMs(60_000)
        const all = source.events.map(({ position }) => position?.commit)
        for (const { handler, from } of handlers) expect(handler.seen).toEqual(all.slice(from))
        const stopping = follower.stop()
        await passMs(3_000)
        await stopping
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)
