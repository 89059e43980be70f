import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anEvent, connect, events, pause, type RunningNode, startNode, until } from './support.ts'

const text = 'x'.repeat(20_000)
const historyMiB = 40

let node: RunningNode
let client: ReturnType<typeof connect>
beforeAll(async () => {
  node = await startNode()
  client = connect(node.url)
})
afterAll(async () => {
  await client.dispose()
  await node.stop()
})

/** Resident memory of the node; Linux tells it under /proc. */
const memoryMiB = (): number => {
  const status = readFileSync(`/proc/${node.child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

test('7 one that falls behind the newest commits while live gets all, once, and is told when it has caught up', async () => {
  const seen: (bigint | 'caught up')[] = []
  const subscription = client.subscribeToAll({ fromPosition: 'end' }, { highWaterMark: 1 })
  subscription.on('caughtUp', () => seen.push('caught up'))
  let wake = () => {}
  const written = new Promise<void>((resolve) => {
    wake = resolve
  })
  const reading = (async () => {
    for await (const { event } of subscription) {
      await written
      seen.push(event?.position?.commit ?? 0n)
    }
  })()
  await until(() => seen.length === 1)
  let last = 0n
  for (let n = 0; n < 60; n++) {
    const { position } = await client.appendToStream(
      'behind',
      events(100).map((event) => ({ ...event, data: { text: 'y'.repeat(500) } })),
    )
    last = position?.commit ?? 0n
  }
  wake()
  await until(() => seen.at(-1) === 'caught up' && seen.includes(last), 20_000)
  await subscription.unsubscribe()
  await reading
  const positions = seen.filter((item) => item !== 'caught up')
  expect(positions).toEqual(Array.from({ length: 6000 }, (_, n) => last - 5999n + BigInt(n)))
  expect(seen.filter((item) => item === 'caught up')).toHaveLength(2)
})

test.skipIf(process.platform !== 'linux')(
  '7 those that do not read at all cost the node no memory to speak of',
  async () => {
    for (let n = 0; n < historyMiB; n++) {
      await client.appendToStream(
        'large',
        Array.from({ length: 50 }, () => anEvent('Large', { text })),
      )
    }
    const before = memoryMiB()
    const stuck = Array.from({ length: 5 }, () => client.subscribeToAll())
    for (const subscription of stuck) subscription.on('error', () => undefined).pause()
    await pause(1500)
    for (let n = 0; n < 20; n++) {
      await client.appendToStream(
        'large',
        Array.from({ length: 50 }, () => anEvent('Large', { text })),
      )
    }
    expect(memoryMiB() - before).toBeLessThan(historyMiB)
    await Promise.all(stuck.map((subscription) => subscription.unsubscribe()))
  },
)
