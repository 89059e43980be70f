import { describe, expect, test } from 'vitest'
import { NatsServer, named, newStorage, noNatsServer } from '../support/nats-server.ts'
import { storedCount, storedEvents } from '../support/stored-events.ts'
import { until } from '../support/waiting.ts'
import { BatchClient } from './batch-client.ts'
import { readLedger } from './ledger-facts.ts'
import { pause, Service, startNode, startService } from './service.ts'

const inside = /^(access|delegation|lease|ledger|runlog|subject)-/

const rebuild = async (args: readonly string[], env: Record<string, string>) => {
  const service = new Service(['rebuild', ...args], { LOG_LEVEL: 'warn', ...env })
  return { code: await service.exited(), said: service.stdout + service.stderr }
}

const restMs = 2_000

/** Resolves when the count has stayed the same for a while. */
const atRest = async (count: () => Promise<number>): Promise<void> => {
  for (let last = -1, now = await count(); now !== last; now = await count()) {
    last = now
    await pause(restMs)
  }
}

describe.skipIf(noNatsServer)(named('a service with NATS'), () => {
  test('publishes the ledger to EVENTS, and again from a position when it is told to', async () => {
    const nats = await NatsServer.start()
    const node = await startNode(newStorage())
    const env = { EVENTSTORE_URL: node.url, NATS_URL: nats.url }
    const service = await startService({ ...env, DATA_DIR: newStorage() })
    try {
      const client = new BatchClient(service.url)
      await client.finished(await client.triggered('ingest_pipeline', 'BATCH_001'))
      const published = async () =>
        (await readLedger(node.url)).filter(({ stream }) => !inside.test(stream)).map(({ position }) => position)
      const complete = async (again: number) =>
        until(async () => (await storedCount(nats)) === (await published()).length + again, 60_000)
      // The last checkpoint comes within a second of what it covers.
      await atRest(async () => (await published()).length)
      await complete(0)
      const before = await published()
      expect((await storedEvents(nats)).map(({ position }) => position)).toEqual(before)

      const from = before[5] ?? -1n
      const { code, said } = await rebuild(['--bus', '--from', String(from)], env)
      expect([code, said]).toEqual([0, `ledgerline published ${before.length - 5} events again\n`])
      await client.finished(await client.triggered('ingest_pipeline', 'BATCH_002'))
      await complete(before.length - 5)
      const after = await published()
      expect((await storedEvents(nats)).map(({ position }) => position)).toEqual([
        ...before,
        ...before.slice(5),
        ...after.slice(before.length),
      ])
      expect(service.stdout).not.toContain('"level":"error"')
    } finally {
      await service.stop()
      await node.stop()
    }
  })
})

describe('rebuild', () => {
  test.each([
    [['--from', '0'], {}, 'rebuild needs to be told what: --bus'],
    [['--bus'], {}, 'rebuild needs to be told from where: --from POSITION'],
    [['--bus', '--from=-1'], {}, "--from: '-1' is not a position of the ledger, a whole number from 0"],
    [['--bus', '--from', 'x'], {}, "--from: 'x' is not a position of the ledger, a whole number from 0"],
    [['--bus', '--from', '0'], {}, 'rebuild needs the ledger of the API: EVENTSTORE_URL'],
    [['--bus', '--from', '0'], { EVENTSTORE_URL: 'esdb://x' }, 'rebuild needs the bus of the API: NATS_URL'],
    [['--views'], {}, "Unknown option '--views'"],
  ] as const)('of %j with %j is refused in one sentence', async (args, env, sentence) => {
    const { code, said } = await rebuild(args, env)
    expect(code).toBe(1)
    expect(said).toContain(sentence)
    expect(said.trim().split('\n')).toHaveLength(1)
  })

  test('says when NATS or the ledger is not there', async () => {
    const args = ['--bus', '--from', '0']
    const nowhere = { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false', NATS_URL: 'nats://127.0.0.1:1' }
    expect((await rebuild(args, nowhere)).said).toContain('no NATS server can be used at 127.0.0.1:1')
    if (noNatsServer) return
    const nats = await NatsServer.start()
    const { code, said } = await rebuild(args, { ...nowhere, NATS_URL: nats.url })
    expect(code).toBe(1)
    expect(said).toContain('the ledger cannot be read')
    expect(said).not.toContain(' at ')
  })
})
