import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommandHandler } from '../../src/app/handle.ts'
import type { Ledger } from '../../src/app/ports/ledger.ts'
import { Rejection } from '../../src/domain/codes.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import * as c from '../support/run-commands.ts'
import { sleep, until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

/** A ledger whose answers are under way for a while, so that what they say may be over when they are heard. */
const slow = (ledger: Ledger, delaysMs: readonly number[]): Ledger => {
  let calls = 0
  const late = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked
    calls += 1
    await sleep(delaysMs[calls % delaysMs.length] ?? 0)
    return answer
  }
  return {
    append: (...args) => late(ledger.append(...args)),
    read: (...args) => late(ledger.read(...args)),
    readLast: (...args) => late(ledger.readLast(...args)),
    keepLast: (...args) => ledger.keepLast(...args),
    keepFor: (...args) => ledger.keepFor(...args),
  }
}

const delay = fc.integer({ min: 0, max: 6 })
const life = fc.record({
  answers: fc.array(delay, { minLength: 3, maxLength: 12 }),
  stages: fc.array(delay, { minLength: 1, maxLength: 4 }),
  story: fc.array(fc.record({ command: fc.constantFrom(c.pauseRun, c.resumeRun), afterMs: delay }), {
    minLength: 1,
    maxLength: 10,
  }),
})

type Life = typeof life extends fc.Arbitrary<infer Each> ? Each : never

/** So many words in so few milliseconds that a worker's own lost against them each time. */
const hasty: Life = {
  answers: [0, 2, 0, 3],
  stages: [0],
  story: [3, 3, 0, 2, 1, 0, 5, 1].map((afterMs, index) => ({
    command: [2, 4, 6].includes(index) ? c.pauseRun : c.resumeRun,
    afterMs,
  })),
}

/** Somebody pauses and resumes a run at any moment of two workers that are at it; no reconciler mends anything. */
const lived = async ({ answers, stages, story }: Life) => {
  const world = await openWorld()
  for (const stage of ['extract', 'load']) world.engine.will(stage, ...stages.map((ms) => () => sleep(ms)))
  for (const worker of ['one.1', 'two.1']) {
    world.startWorker({ worker, concurrency: 1, commands: new CommandHandler(slow(world.ledger, answers)) })
  }
  await world.request('r')
  /** Whether it was taken. */
  const say = (command: RunCommand): Promise<boolean> =>
    world.say('r', command).then(
      () => true,
      (error) => {
        if (error instanceof Rejection) return false
        throw error
      },
    )
  for (const { command, afterMs } of story) {
    await sleep(afterMs)
    await say(command)
  }
  return { ...world, say }
}

const countOf = (types: readonly string[], type: string) => types.filter((each) => each === type).length

test('a run that is paused and resumed at any moment is lost by nobody: after the last resume it ends', async () => {
  let pauses = 0
  await fc.assert(
    fc.asyncProperty(life, async (of) => {
      const world = await lived(of)
      await world.say(c.resumeRun)
      await until(() => world.typesOf('r').includes('RunSucceeded'), 1_000)
      const types = world.typesOf('r')
      pauses += countOf(types, 'RunPaused')
      expect(countOf(types, 'StageCompleted')).toBe(2)
      expect(countOf(types, 'RunPaused')).toBe(countOf(types, 'RunResumed'))
    }),
    { numRuns: 150, examples: [[hasty]] },
  )
  expect(pauses).toBeGreaterThan(150)
}, 60_000)

test('a run that is canceled at any moment of all that ends too', async () => {
  let canceled = 0
  await fc.assert(
    fc.asyncProperty(life, async (of) => {
      const world = await lived(of)
      const taken = await world.say(c.cancelRun)
      if (!taken) await world.say(c.resumeRun)
      await until(() => world.typesOf('r').includes(taken ? 'RunCanceled' : 'RunSucceeded'), 1_000)
      if (!taken) return
      canceled += 1
      expect(world.engine.staged.size).toBe(0)
      expect(world.engine.published).toEqual([])
    }),
    { numRuns: 150, examples: [[hasty]] },
  )
  expect(canceled).toBeGreaterThan(50)
}, 60_000)
