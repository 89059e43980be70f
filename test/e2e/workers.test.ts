import { describe, expect, test } from 'vitest'
import { named, noNatsServer } from '../support/nats-server.ts'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, pause, Service, startService, temporaryDir } from './service.ts'
import { kept, openStack } from './worker-stack.ts'

describe.skipIf(noNatsServer)(named('workers as processes'), () => {
  test('do what the API was asked for, over NATS, each run once', async () => {
    const { client, startWorker } = await openStack()
    const workers = [await startWorker('one'), await startWorker('two')]
    const ids: string[] = []
    for (let day = 0; day < 12; day += 1) ids.push(await client.triggered('drill-days', `w-${day}`))
    const ended = await Promise.all(ids.map((id) => client.finished(id, 60_000)))
    expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCESS'))
    const starters = new Set<unknown>()
    for (const id of ids) {
      const started = (await client.history(id)).filter(({ type }) => type === 'RunStarted')
      expect(started).toHaveLength(1)
      starters.add(started[0]?.data.worker)
    }
    expect(starters.size).toBe(2)
    for (const worker of workers) expect(await worker.stop()).toBe(0)
  })

  test('a run whose worker was killed is taken up by another', async () => {
    const { client, startWorker } = await openStack({ DRILL_BEFORE_PUBLISH_MS: '3000' })
    const first = await startWorker('one')
    const id = await client.triggered('drill-days', 'killed')
    const isCommitted = async () => (await client.history(id)).some(({ type }) => type === 'OutputsCommitted')
    while (!(await isCommitted())) await pause(50)
    await first.killGroup()
    await startWorker('two')
    expect((await client.finished(id, 60_000)).status).toBe('SUCCESS')
    const events = await client.history(id)
    expect(events.filter(({ type }) => type === 'OutputsCommitted')).toHaveLength(1)
    expect(new Set(events.filter(({ type }) => type === 'RunStarted').map(({ data }) => data.worker)).size).toBe(2)
  })

  test('NATS_URL=spawn starts a server of its own', async () => {
    const env = { DATA_DIR: await temporaryDir('spawn'), PIPELINES_DIR: drillPipelines, NATS_URL: 'spawn' }
    const service = kept(await startService(env))
    const client = new BatchClient(service.url)
    expect((await client.finished(await client.triggered('drill-days', 'spawned'))).status).toBe('SUCCESS')
    expect(await service.stop()).toBe(0)
  })
})

test('a worker without a ledger or a bus to share says so and exits with 1', async () => {
  const alone = new Service(['worker'], { DATA_DIR: await temporaryDir('alone') })
  expect(await alone.exited()).toBe(1)
  expect(alone.stderr).toBe('a worker needs the ledger of the API: EVENTSTORE_URL\n')
  const deaf = new Service(['worker'], {
    DATA_DIR: await temporaryDir('deaf'),
    EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
  })
  expect(await deaf.exited()).toBe(1)
  expect(deaf.stderr).toBe('a worker needs the bus of the API: NATS_URL\n')
})
