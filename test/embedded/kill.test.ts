import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { anEvent, connect, pause, type RunningNode, startNode, until } from './support.ts'

const rounds = Number(process.env.KILL_ROUNDS ?? 10)
const writers = 32

/** Per stream, the ids of events in the order in which they were acknowledged, and of those still in doubt. */
type Written = Map<string, { acknowledged: string[]; inDoubt: string | undefined }>

/** Appends to its own stream until the node is gone; first of all again what was in doubt, with the same id. */
const write = async (client: ReturnType<typeof connect>, stream: string, written: Written): Promise<void> => {
  const mine = written.get(stream) ?? { acknowledged: [], inDoubt: undefined }
  written.set(stream, mine)
  for (;;) {
    const id = mine.inDoubt ?? randomUUID()
    mine.inDoubt = id
    const last = mine.acknowledged.length - 1
    const expectedRevision = last === -1 ? 'no_stream' : BigInt(last)
    await client.appendToStream(stream, anEvent('Written', { n: last + 1 }, id), { expectedRevision })
    mine.acknowledged.push(id)
    mine.inDoubt = undefined
  }
}

const acknowledged = (written: Written): number =>
  [...written.values()].reduce((sum, { acknowledged: ids }) => sum + ids.length, 0)

const verify = async (node: RunningNode, written: Written): Promise<void> => {
  const client = connect(node.url)
  const stored = new Map<string, string[]>()
  let last = 0n
  for await (const { event } of client.readAll()) {
    if (event === undefined || event.type !== 'Written') continue
    expect(event.position?.commit).toBeGreaterThan(last)
    last = event.position?.commit ?? last
    const ids = stored.get(event.streamId) ?? []
    expect(event.revision).toBe(BigInt(ids.length))
    stored.set(event.streamId, [...ids, event.id])
  }
  for (const [stream, { acknowledged: sure, inDoubt }] of written) {
    const ids = stored.get(stream) ?? []
    expect(ids).toEqual(ids.length > sure.length && inDoubt ? [...sure, inDoubt] : sure)
  }
  await client.dispose()
}

test(`kill -9 under ${writers} writers, ${rounds} times: every acknowledged event is there once, in order`, async () => {
  const written: Written = new Map()
  let node = await startNode()
  for (let round = 0; round < rounds; round++) {
    const client = connect(node.url)
    const streams = Array.from({ length: writers }, (_, n) => `writer-${n}`)
    const writing = Promise.allSettled(streams.map((stream) => write(client, stream, written)))
    const before = acknowledged(written)
    await until(() => acknowledged(written) > before + 10 * writers, 20_000)
    await pause(Math.random() * 200)
    await node.kill()
    await writing
    await client.dispose()
    node = await startNode({ directory: node.directory })
    await verify(node, written)
  }
  console.log(`${acknowledged(written)} events acknowledged over ${rounds} kills, every one present once`)
  await node.stop()
}, 600_000)
