import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { Rejection } from '../../src/domain/codes.ts'
import { speaker } from '../support/approvals.ts'
import { type Death, openApproving } from '../support/approving.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenant } from '../support/ids.ts'

type World = Awaited<ReturnType<typeof openApproving>>

const ways = {
  granted: (world: World) => world.say('GrantApproval', 'r'),
  overridden: (world: World) => world.say('OverrideApproval', 'r', speaker('ada', ['tenant-admin'])),
  rejected: (world: World) => world.say('RejectApproval', 'r'),
  expired: async ({ clock }: World) => {
    clock.second = 60
  },
  canceled: ({ commands }: World) => commands.handle(runs, 'r', { type: 'CancelRun', runId: runOf('r') }, contextOf()),
}
type Way = keyof typeof ways
const queued = ['RunRequested', 'RunQueued']
const rejected = ['RunRequested', 'RunRejected']
const cameTo: Record<Way, { approval: string[]; run: string[] }> = {
  granted: { approval: ['ApprovalRequested', 'ApprovalGranted', 'ApprovalConsumed'], run: queued },
  overridden: { approval: ['ApprovalRequested', 'ApprovalOverridden', 'ApprovalConsumed'], run: queued },
  rejected: { approval: ['ApprovalRequested', 'ApprovalRejected'], run: rejected },
  expired: { approval: ['ApprovalRequested', 'ApprovalExpired'], run: rejected },
  canceled: {
    approval: ['ApprovalRequested', 'ApprovalWithdrawn'],
    run: ['RunRequested', 'RunCancelRequested', 'RunCanceled'],
  },
}

const crashes = (Object.keys(ways) as Way[]).flatMap((way) =>
  (['before', 'after'] as const).flatMap((death: Death) => [1, 2, 3, 4].map((lives) => ({ way, death, lives }))),
)

describe('a process that dies at its', () => {
  test.each(crashes)(
    'command no. $lives, $death the ledger took it, of what is $way, leaves it to the next one',
    async ({ way, death, lives }) => {
      const world = await openApproving()
      const { ask, mortal, seen, sweep, manager, approvalTypes, runTypes } = world
      const mortals = [mortal(lives, death), mortal(lives, death), mortal(lives, death)]
      await ask('r')
      for (const each of mortals) await seen(each)
      for (const each of mortals) await sweep(each)
      if ((await approvalTypes('r')).length === 0) await sweep(manager())
      await ways[way](world)
      for (const each of [mortal(lives, death), mortal(lives, death)]) await sweep(each)
      await sweep(manager())
      expect({ approval: await approvalTypes('r'), run: runTypes('r') }).toEqual(cameTo[way])
      const before = world.ledger.all.length
      await sweep(manager())
      await seen(manager())
      expect(world.ledger.all).toHaveLength(before)
    },
  )
})

describe('two managers at once', () => {
  test.each(Object.keys(ways) as Way[])('do nothing twice of what is %s', async (way) => {
    const world = await openApproving()
    const { ask, seen, sweep, manager, approvalTypes, runTypes, log } = world
    const both = [manager(), manager()]
    await ask('r')
    await Promise.all(both.map(seen))
    await ways[way](world)
    await Promise.all(both.flatMap((each) => [seen(each), sweep(each)]))
    await Promise.all(both.map(sweep))
    expect({ approval: await approvalTypes('r'), run: runTypes('r') }).toEqual(cameTo[way])
    expect(log.lines).toEqual([])
  })
})

test('a sweep that the views did not answer does not keep the next one from its work', async () => {
  const { manager, ask, sweep, approvalTypes, log } = await openApproving()
  const failures = [new Error('the views are busy')]
  const asked = manager()
  const work = {
    unopened: () => {
      const failure = failures.pop()
      if (failure) throw failure
      return []
    },
    due: () => [],
    unused: () => [],
  }
  const managing = manager({ work })
  await managing.sweep()
  expect(log.lines).toEqual(['warn: a sweep of approvals failed; the next one tries again'])
  await managing.sweep()
  await ask('r')
  await sweep(asked)
  expect(await approvalTypes('r')).toEqual(['ApprovalRequested'])
})

const run = fc.constantFrom('r1', 'r2', 'r3')
const person = fc.record({
  by: fc.constantFrom('alice', 'bob', 'carol', 'ada'),
  roles: fc.constantFrom(['governance'], ['operator'], ['tenant-admin']),
})
type Step = (world: World, managers: ReturnType<World['manager']>[]) => Promise<unknown>
const words = ['GrantApproval', 'GrantApproval', 'GrantApproval', 'RejectApproval', 'OverrideApproval'] as const
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(run, fc.integer({ min: 1, max: 2 })).map(([id, count]) => ask(id, count)) },
  {
    weight: 10,
    arbitrary: fc.tuple(fc.constantFrom(...words), run, person).map(([word, id, who]) => say(word, id, who)),
  },
  { weight: 6, arbitrary: fc.nat(1).map((index) => follows(index)) },
  { weight: 4, arbitrary: fc.nat(1).map((index) => sweeps(index)) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 3 })).map((life) => restarts(...life)) },
  { weight: 1, arbitrary: run.map((id) => cancels(id)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }).map((seconds) => passes(seconds)) },
)

const ask =
  (id: string, count: number): Step =>
  (world) =>
    world.ask(id, [{ role: 'governance', count }])
const say =
  (word: (typeof words)[number], id: string, { by, roles }: { by: string; roles: readonly string[] }): Step =>
  (world) =>
    world.say(word, id, speaker(by, roles))
const follows =
  (index: number): Step =>
  async (world, managers) => {
    const manager = managers[index]
    if (manager) await world.seen(manager)
  }
const sweeps =
  (index: number): Step =>
  async (world, managers) => {
    const manager = managers[index]
    if (manager) await world.sweep(manager)
  }
const restarts =
  (index: number, lives: number): Step =>
  async (world, managers) => {
    managers[index] = lives === 3 ? world.manager() : world.mortal(lives, 'after')
  }
const cancels =
  (id: string): Step =>
  ({ commands }) =>
    commands.handle(runs, id, { type: 'CancelRun', runId: runOf(id) }, contextOf())
const passes =
  (seconds: number): Step =>
  async ({ clock }) => {
    clock.second += seconds
  }

/** What is refused is part of the story. */
const unlessRejected = async (task: () => Promise<unknown>): Promise<void> => {
  try {
    await task()
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
  }
}

test('whatever is asked, decided, canceled and restarted: no run is queued before its approval was consumed', async () => {
  const ended = { queued: 0, rejected: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (story) => {
      const world = await openApproving()
      const managers = [world.manager(), world.manager()]
      for (const each of story) await unlessRejected(() => each(world, managers))
      world.clock.second += 99
      for (let times = 0; times < 2; times += 1) await world.sweep(world.manager())
      const { all } = world.ledger
      for (const id of ['r1', 'r2', 'r3']) {
        const { status } = await world.stateOf(id)
        const approval = `approval-${tenant}.${await world.approvalIdOf(id)}`
        const at = (stream: string, type: string) =>
          all.flatMap((event, index) => (event.stream === stream && event.type === type ? [index] : []))
        const queuedAt = at(`run-${tenant}.${id}`, 'RunQueued')
        const consumedAt = at(approval, 'ApprovalConsumed')
        expect(queuedAt.length).toBeLessThanOrEqual(1)
        expect(consumedAt.length).toBeLessThanOrEqual(1)
        for (const index of queuedAt) expect(consumedAt[0]).toBeLessThan(index)
        // In the end nobody waits any more.
        expect([null, 'queued', 'rejected', 'canceled', 'canceling']).toContain(status)
        if (status === 'queued') ended.queued += 1
        if (status === 'rejected') ended.rejected += 1
      }
    }),
    { numRuns: 60 },
  )
  expect(ended.queued).toBeGreaterThan(5)
  expect(ended.rejected).toBeGreaterThan(5)
}, 120_000)
