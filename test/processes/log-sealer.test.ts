import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parseTenantId } from '../../src/domain/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { FakeTrees, type Sealing, sealing } from '../support/sealing.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05.000Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

const started = async (trees: FakeTrees, ledger?: InMemoryLedger): Promise<Sealing> => {
  const made = sealing(trees, ledger)
  made.sealer.start()
  await pass(150)
  return made
}

test('leaves of commands are sealed within half a second, whenever they come', async () => {
  const trees = new FakeTrees().add(1, 'commands', 3)
  const { sizes } = await started(trees)
  expect(sizes()).toEqual([3])
  for (const afterMs of [0, 30, 130, 370, 390, 510, 990]) {
    await pass(afterMs)
    trees.grow(1)
    const size = trees.heads()[0]?.size
    await pass(500)
    expect(sizes().at(-1)).toBe(size)
  }
})

test('what grows all the time is sealed two or three times a second, not at every look', async () => {
  const trees = new FakeTrees().add(1, 'commands', 1)
  const { sizes } = await started(trees)
  for (let n = 0; n < 100; n += 1) {
    trees.grow(1)
    await pass(100)
  }
  expect(sizes().length).toBeGreaterThan(18)
  expect(sizes().length).toBeLessThan(30)
})

test('leaves of calls are sealed within a minute, and not much sooner', async () => {
  const trees = new FakeTrees().add(1, 'access', 2)
  const { sizes } = await started(trees)
  trees.grow(1)
  await pass(55_000)
  expect(sizes('access')).toEqual([2])
  await pass(5_000)
  expect(sizes('access')).toEqual([2, 3])
})

test('a log without new leaves, or without any, gets no checkpoint', async () => {
  const { sizes } = await started(new FakeTrees().add(1, 'commands', 2).add(2, 'access'))
  await pass(10_000)
  expect([sizes(), sizes('access')]).toEqual([[2], []])
})

test('a hundred logs of different tenants are sealed at one look', async () => {
  const trees = new FakeTrees()
  const tenants = Array.from({ length: 100 }, (_, n) => parseTenantId(`t${n}`)).filter((each) => each !== undefined)
  for (const [n, of] of tenants.entries()) trees.add(n + 1, 'commands', n + 1, of)
  const { sizes } = await started(trees)
  expect(tenants.map((of) => sizes('commands', of))).toEqual(tenants.map((_, n) => [n + 1]))
})

test('while the ledger does not answer nothing piles up; afterwards there is one checkpoint', async () => {
  const trees = new FakeTrees().add(1, 'commands', 1)
  const { ledger, sizes, log } = await started(trees)
  ledger.isDown = true
  for (let n = 0; n < 100; n += 1) {
    trees.grow(1)
    await pass(100)
  }
  const [asked, said] = [ledger.appends.length, log.lines.length]
  expect(said).toBeLessThan(4)
  ledger.isDown = false
  await pass(3_000)
  expect(sizes()).toEqual([1, 101])
  expect(ledger.appends.length - asked).toBeLessThan(4)
})

test('one log that cannot be sealed holds no other up', async () => {
  const trees = new FakeTrees().add(1, 'commands', 2).add(2, 'access', 2)
  const { rootAt } = trees
  trees.rootAt = (id, size) => {
    if (id === 1) throw new Error('a tile is missing')
    return rootAt(id, size)
  }
  const { sizes, log } = await started(trees)
  await pass(2_000)
  expect([sizes(), sizes('access')]).toEqual([[], [2]])
  expect(log.lines).toEqual(['warn: a log was not sealed'])
})

test('when another sealer is faster, its checkpoint is taken up and the next extends it', async () => {
  const ledger = new InMemoryLedger()
  const [slowTrees, fastTrees] = [new FakeTrees().add(1, 'commands', 1), new FakeTrees().add(9, 'commands', 1)]
  const slow = await started(slowTrees, ledger)
  const fast = await started(fastTrees, ledger)
  fastTrees.grow(9, 5)
  slowTrees.grow(1, 3)
  await pass(1_000)
  slowTrees.grow(1, 4)
  await pass(1_000)
  expect(slow.sizes()).toEqual([...new Set(slow.sizes())].sort((a, b) => a - b))
  expect(slow.sizes().at(-1)).toBe(8)
  expect([slow.sealer.isBroken(1), fast.sealer.isBroken(9)]).toEqual([false, false])
})

test('without the lease nothing is sealed; with it, at once what is due', async () => {
  const trees = new FakeTrees().add(1, 'commands', 1)
  const { sizes, lease } = await started(trees)
  lease.held = false
  trees.grow(1)
  await pass(5_000)
  expect(sizes()).toEqual([1])
  lease.held = true
  await pass(150)
  expect(sizes()).toEqual([1, 2])
})

test('a lease that is lost while a root is computed leaves no checkpoint', async () => {
  const trees = new FakeTrees().add(1, 'commands', 1)
  const { sizes, lease } = await started(trees)
  const { rootAt } = trees
  trees.rootAt = (id, size) => {
    lease.held = size === 1
    return rootAt(id, size)
  }
  trees.grow(1)
  await pass(2_000)
  expect(sizes()).toEqual([1])
})

test('a sealer that has stopped seals no more', async () => {
  const trees = new FakeTrees().add(1, 'commands', 1)
  const { sizes, sealer } = await started(trees)
  await sealer.stop()
  trees.grow(1)
  await pass(2_000)
  expect(sizes()).toEqual([1])
})
