import { expect, onTestFinished, test } from 'vitest'
import type { LedgerLeaf } from '../../src/evidence/log/builder.ts'
import { Grower } from '../../src/evidence/log/grower.ts'
import { sleep, until } from '../support/waiting.ts'

const leaf = (position: number) => ({ position: BigInt(position) }) as LedgerLeaf

/** A ledger that grows, whose subscriptions can be cut, and a builder that keeps what it is given. */
const growing = (failing: (batch: number) => boolean = () => false) => {
  const events: LedgerLeaf[] = []
  const batches: number[] = []
  const built: bigint[] = []
  const told: bigint[] = []
  const failures: string[] = []
  let [position, cut, tries, follows] = [-1n, 0, 0, 0]
  const builder = {
    position: () => position,
    append: (batch: readonly LedgerLeaf[]) => {
      tries += 1
      if (failing(tries)) throw new Error('the disk is full')
      batches.push(batch.length)
      built.push(...batch.map((event) => event.position))
      position = built.at(-1) ?? position
    },
  }
  const follow = async function* (after: bigint, signal: AbortSignal) {
    follows += 1
    const from = events.findIndex((event) => event.position > after)
    const mine = cut
    // What is underway when it is told to end still comes.
    let underway = 1_200
    for (let at = from < 0 ? events.length : from; !signal.aborted || (underway > 0 && events[at]); ) {
      if (signal.aborted) underway -= 1
      if (mine !== cut) throw new Error('the connection was lost')
      const event = events[at]
      if (event) yield event
      else await sleep(1)
      at += event ? 1 : 0
    }
  }
  const grower = new Grower({
    builder,
    follow,
    grown: (at) => told.push(at),
    failed: (error) => failures.push(String(error)),
  })
  const running = grower.run()
  onTestFinished(async () => {
    grower.stop()
    await running
  })
  const add = (count: number) => {
    for (let n = 0; n < count; n += 1) events.push(leaf(events.length * 10))
  }
  const all = () => events.map((event) => event.position)
  return { grower, running, add, all, built, batches, told, failures, cut: () => (cut += 1), follows: () => follows }
}

test('a past of many events is written in batches of a thousand', async () => {
  const { add, all, built, batches, told } = growing()
  add(3_500)
  await until(() => built.length === 3_500)
  expect(built).toEqual(all())
  expect(Math.max(...batches)).toBe(1_000)
  expect(batches.length).toBeLessThan(8)
  expect(told.at(-1)).toBe(34_990n)
})

test('one event alone is written at once, with those that come within some milliseconds', async () => {
  const { add, built, batches } = growing()
  await sleep(50)
  add(1)
  const startedMs = performance.now()
  await until(() => built.length === 1)
  expect(performance.now() - startedMs).toBeLessThan(300)
  add(20)
  await until(() => built.length === 21)
  expect(batches.length).toBeLessThan(10)
})

test('a connection that is lost leaves neither a hole nor a repetition', async () => {
  const { add, all, built, failures, cut } = growing()
  for (let n = 0; n < 4; n += 1) {
    add(700)
    await sleep(15)
    cut()
    add(3)
    await until(() => built.length === all().length)
  }
  expect(built).toEqual(all())
  expect(failures.length).toBeGreaterThan(0)
})

test('what a builder could not write is read and written again', async () => {
  const { add, all, built, failures, follows } = growing((tries) => tries === 1 || tries === 3)
  add(2_500)
  await until(() => built.length === 2_500)
  expect(built).toEqual(all())
  expect(failures).toEqual(['Error: the disk is full', 'Error: the disk is full'])
  expect(follows()).toBe(3)
})

test('a grower that is stopped ends and writes no more', async () => {
  const { grower, running, add, built } = growing()
  add(10)
  await until(() => built.length === 10)
  grower.stop()
  await running
  add(10)
  await sleep(60)
  expect(built).toHaveLength(10)
})
