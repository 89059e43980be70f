import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { tenant } from '../support/ids.ts'
import { FakeTrees, sealing } from '../support/sealing.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05.000Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const errors = (lines: readonly string[]) => lines.filter((line) => line.startsWith('error'))

/** A log sealed at 4, 8, … 20 leaves, and the sealer of the next life on trees that were built again. */
const sealedTo20 = async () => {
  const trees = new FakeTrees().add(1, 'commands', 4)
  const before = sealing(trees)
  before.sealer.start()
  await pass(150)
  for (let n = 0; n < 4; n += 1) {
    trees.grow(1, 4)
    await pass(600)
  }
  expect(before.sizes()).toEqual([4, 8, 12, 16, 20])
  await before.sealer.stop()
  return { ledger: before.ledger, rebuilt: new FakeTrees().add(7, 'commands', 24) }
}

test.each([
  [0, 0, 3],
  [3, 0, 3],
  [4, 4, 7],
  [10, 8, 11],
  [19, 16, 19],
])('where leaf %i differs, sealing stops and the alert says between which checkpoints', async (index, from, to) => {
  const { ledger, rebuilt } = await sealedTo20()
  rebuilt.edit(7, index)
  const { sealer, sizes, alerts, log } = sealing(rebuilt, ledger)
  sealer.start()
  await pass(5_000)
  expect(sizes().at(-1)).toBe(20)
  expect(sealer.isBroken(7)).toBe(true)
  expect(alerts().map(({ data }) => [data.log, data.from, data.to])).toEqual([['commands', from, to]])
  expect(errors(log.lines)).toEqual(['error: the ledger differs from what was sealed: the log is sealed no more'])
})

test('a difference after the last checkpoint is none: it was never sealed', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  rebuilt.edit(7, 20)
  const { sealer, sizes, alerts } = sealing(rebuilt, ledger)
  sealer.start()
  await pass(1_000)
  expect([sizes().at(-1), alerts()]).toEqual([24, []])
})

test('a tree that has not caught up is waited for; one that lacks leaves at the end is not', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  rebuilt.cut(7, 18)
  const { sealer, sizes, alerts } = sealing(rebuilt, ledger)
  sealer.start()
  await pass(2_000)
  expect([sealer.isBroken(7), sizes().at(-1)]).toEqual([false, 20])

  const shorter = new FakeTrees().add(8, 'commands', 18)
  shorter.position = await ledger.head()
  const other = sealing(shorter, ledger)
  other.sealer.start()
  await pass(2_000)
  expect(other.sealer.isBroken(8)).toBe(true)
  expect(alerts().map(({ data }) => data)).toMatchObject([
    { from: 16, to: 19, detail: expect.stringContaining('2 of its') },
  ])
})

test('without the lease a sealer finds it too', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  rebuilt.edit(7, 5)
  const { sealer, lease, alerts } = sealing(rebuilt, ledger)
  lease.held = false
  sealer.start()
  await pass(1_000)
  expect([sealer.isBroken(7), alerts().length]).toEqual([true, 1])
})

const finding = (logId: number) => ({
  ...{ logId, tenant, log: 'commands' as const, from: 5, to: 5, event: 'e5', stream: 'run-acme.r1' },
  detail: 'the event is not as it was sealed',
})

test('what an audit finds stops the log and is told once, by however many replicas and however often', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  const replicas = [sealing(rebuilt, ledger), sealing(rebuilt, ledger)]
  for (const { sealer } of replicas) {
    sealer.found(finding(7))
    sealer.start()
    await pass(300)
    sealer.found(finding(7))
    await pass(300)
    expect(sealer.isBroken(7)).toBe(true)
  }
  expect(replicas[0]?.sizes().at(-1)).toBe(20)
  expect(replicas[0]?.alerts().map(({ data }) => data)).toMatchObject([{ from: 5, to: 5, event: 'e5' }])
  expect(replicas.map(({ log }) => errors(log.lines).length)).toEqual([1, 1])
})

test('an alert waits for a ledger that does not answer', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  const { sealer, alerts } = sealing(rebuilt, ledger)
  ledger.isDown = true
  sealer.found(finding(7))
  sealer.start()
  await pass(20_000)
  ledger.isDown = false
  await pass(5_000)
  expect(alerts()).toHaveLength(1)
})

test('after a start, a log with an alert is sealed again only when an audit finds nothing', async () => {
  const { ledger, rebuilt } = await sealedTo20()
  const before = sealing(rebuilt, ledger)
  before.sealer.found(finding(7))
  before.sealer.start()
  await pass(1_000)
  await before.sealer.stop()

  const { sealer, sizes } = sealing(rebuilt, ledger)
  sealer.start()
  await pass(10_000)
  expect([sealer.isBroken(7), sizes().at(-1)]).toEqual([true, 20])
  sealer.audited()
  await pass(1_000)
  expect([sealer.isBroken(7), sizes().at(-1)]).toEqual([false, 24])
})
