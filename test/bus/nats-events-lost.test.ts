import { describe, expect, test } from 'vitest'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { RelayedLedger, startRelay } from '../support/relaying.ts'
import { storedCount, storedPositions } from '../support/stored-events.ts'
import { sleep, until } from '../support/waiting.ts'

const open = async (before: number) => {
  const server = await NatsServer.start()
  const ledger = new RelayedLedger()
  await ledger.grow(before)
  const stream = (await server.bus()).eventStream()
  const complete = () => until(async () => (await storedCount(server)) >= ledger.published().length, 30_000)
  return { server, ledger, stream, complete }
}

describe.skipIf(noNatsServer)(named('EVENTS on nats that lost something'), () => {
  test('is whole after a server that was killed again and again while two relays published', async () => {
    const { server, ledger, stream, complete } = await open(0)
    await startRelay(stream, ledger, { lookMs: 500 })
    await startRelay((await server.bus()).eventStream(), ledger, { lookMs: 500 })
    for (let round = 0; round < 5; round += 1) {
      let isPublishing = true
      const growing = (async () => {
        for (; isPublishing; await sleep(1)) await ledger.grow(13)
      })()
      await sleep(300)
      await server.kill()
      await sleep(50)
      await server.start()
      await sleep(100)
      isPublishing = false
      await growing
    }
    await complete()
    await sleep(600)
    expect(await storedPositions(server)).toEqual(ledger.published())
    expect(ledger.published().length).toBeGreaterThan(1_000)
  })

  test('is filled again when the storage was wiped, though nothing new happens', async () => {
    const { server, ledger, stream, complete } = await open(1_000)
    const { log } = await startRelay(stream, ledger, { lookMs: 60_000 })
    await complete()
    await server.stop()
    server.wipe()
    await server.start()
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
    expect(log.lines).toContain('warn: the event stream has lost its end, and is filled again')
  })

  test('takes what happened meanwhile behind what was wiped', async () => {
    const { server, ledger, stream, complete } = await open(1_000)
    await startRelay(stream, ledger, { lookMs: 60_000 })
    await complete()
    await server.stop()
    server.wipe()
    await ledger.grow(500)
    await sleep(100)
    await server.start()
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
  })

  test.each([
    ['deleted', (server: NatsServer) => server.manager().then(({ streams }) => streams.delete('EVENTS'))],
    ['purged', (server: NatsServer) => server.manager().then(({ streams }) => streams.purge('EVENTS'))],
    [
      'cut at its end',
      async (server: NatsServer) => {
        const { streams } = await server.manager()
        for (let seq = 75; seq > 68; seq -= 1) await streams.deleteMessage('EVENTS', seq)
      },
    ],
  ])('is filled again when it was %s under a running server', async (_, lose) => {
    const { server, ledger, stream, complete } = await open(100)
    await startRelay(stream, ledger, { lookMs: 200 })
    await complete()
    await lose(server)
    expect(await storedCount(server)).toBeLessThan(70)
    await complete()
    await ledger.grow(50)
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
  })

  test('is filled again before anything new when it was deleted and nobody has looked yet', async () => {
    const { server, ledger, stream, complete } = await open(100)
    await startRelay(stream, ledger, { lookMs: 60_000 })
    await complete()
    await (await server.manager()).streams.delete('EVENTS')
    await ledger.grow(50)
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
  })

  test('is filled while the server is away for long: what happens meanwhile comes later', async () => {
    const { server, ledger, stream, complete } = await open(100)
    await startRelay(stream, ledger)
    await complete()
    await server.stop()
    await ledger.grow(300)
    await sleep(1_500)
    await server.start()
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
  })
})
