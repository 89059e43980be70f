import { expect, test } from 'vitest'
import { collect, connect, events, failure, newDirectory, newStream, type RunningNode, startNode } from './support.ts'

const restarted = async (first: RunningNode, how: 'stop' | 'kill') => {
  await first[how]()
  return startNode({ directory: first.directory, port: first.port })
}

test.each(['stop', 'kill'] as const)('after %s a ledger reads the same, positions included', async (how) => {
  const first = await startNode()
  const client = connect(first.url)
  for (let n = 0; n < 10; n++) await client.appendToStream(newStream(), events(7))
  const before = await collect(client.readAll())
  await client.dispose()
  const second = await restarted(first, how)
  const again = connect(second.url)
  expect(await collect(again.readAll())).toEqual(before)
  const { position } = await again.appendToStream(newStream(), events(1))
  expect(position?.commit).toBeGreaterThan(before.at(-1)?.event?.position?.commit ?? 0n)
  await again.dispose()
  await second.stop()
})

test.each(['any', 'stream_exists', 'no_stream', 0n] as const)(
  '3.1 idempotency by event id outlives a restart: %s',
  async (expectedRevision) => {
    const first = await startNode()
    const client = connect(first.url)
    const [stream, batch] = [newStream(), events(3)]
    if (expectedRevision !== 'no_stream') await client.appendToStream(stream, events(1))
    const expectation = expectedRevision === 'stream_exists' ? 'any' : expectedRevision
    const written = await client.appendToStream(stream, batch, { expectedRevision: expectation })
    await client.appendToStream(stream, events(1))
    await client.dispose()
    const second = await restarted(first, 'kill')
    const again = connect(second.url)
    expect(await again.appendToStream(stream, batch, { expectedRevision })).toEqual(written)
    await again.dispose()
    await second.stop()
  },
)

test('the client reconnects by itself and goes on where the ledger stands', async () => {
  const first = await startNode()
  const client = connect(first.url)
  const stream = newStream()
  await client.appendToStream(stream, events(2))
  const second = await restarted(first, 'stop')
  const deadline = Date.now() + 5000
  let next: bigint | undefined
  while (next === undefined && Date.now() < deadline) {
    next = await client.appendToStream(stream, events(1), { expectedRevision: 1n }).then(
      (result) => result.nextExpectedRevision,
      () => undefined,
    )
  }
  expect(next).toBe(2n)
  await client.dispose()
  await second.stop()
})

test('metadata is honoured after a restart', async () => {
  const first = await startNode()
  const client = connect(first.url)
  const stream = newStream()
  await client.appendToStream(stream, events(5))
  await client.setStreamMetadata(stream, { maxCount: 2 })
  await client.dispose()
  const second = await restarted(first, 'kill')
  const again = connect(second.url)
  expect(await collect(again.readStream(stream))).toHaveLength(2)
  await again.dispose()
  await second.stop()
})

test('a directory that does not exist yet is made', async () => {
  const node = await startNode({ directory: `${newDirectory()}/a/b` })
  const client = connect(node.url)
  await client.appendToStream(newStream(), events(1))
  expect(await failure(collect(client.readStream(newStream())))).toMatchObject({ type: 'stream-not-found' })
  await client.dispose()
  expect(await node.stop()).toBe(0)
})
