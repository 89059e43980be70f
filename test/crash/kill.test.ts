import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchClient } from '../e2e/batch-client.ts'
import { commitsByRun, committedTargets, filesBelow, overlaps, readLedger } from '../e2e/ledger-facts.ts'
import { drillPipelines, pause, startNode, startService, temporaryDir } from '../e2e/service.ts'

const rounds = Number(process.env.KILL_ROUNDS ?? 30)
const partitions = 12
/** Of a start on a machine with nothing else to do. Where it takes longer, so does all that happens in a life. */
const startUsuallyMs = 1_500

/** Asks for runs on a few partitions until the service is gone; returns the ids of those that were acknowledged. */
const load = async (client: BatchClient, isGone: () => boolean): Promise<string[]> => {
  const acknowledged: string[] = []
  const user = async (day: number) => {
    while (!isGone()) {
      try {
        const response = await client.trigger('drill-days', { batch_id: `day-${day}` })
        const body = (await response.json()) as { run_id: string }
        if (response.status === 200) acknowledged.push(body.run_id)
        else if (response.status !== 409 && response.status !== 503) throw new Error(JSON.stringify(body))
      } catch (error) {
        if (!isGone() && !(error instanceof TypeError)) throw error
      }
      await pause(60)
    }
  }
  await Promise.all(Array.from({ length: partitions }, (_, day) => user(day)))
  return acknowledged
}

test(`killed ${rounds} times with runs in flight, it loses nothing and does nothing twice`, async () => {
  const dataDir = await temporaryDir('kill')
  const env = {
    DATA_DIR: dataDir,
    PIPELINES_DIR: drillPipelines,
    WORKER_CONCURRENCY: '4',
    DRILL_BEFORE_PUBLISH_MS: '60',
    LOG_LEVEL: 'warn',
  }
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const begunAt = performance.now()
    const service = await startService(env)
    const slowness = Math.max(1, (performance.now() - begunAt) / startUsuallyMs)
    let gone = false
    const loading = load(new BatchClient(service.url), () => gone)
    await pause(slowness * (200 + Math.random() * 2_800))
    gone = true
    await service.killGroup()
    acknowledged.push(...(await loading))
  }

  const service = await startService(env)
  const client = new BatchClient(service.url)
  const statuses = await Promise.all(acknowledged.map((runId) => client.finished(runId, 120_000)))
  expect(await service.stop()).toBe(0)
  expect(statuses.filter(({ status }) => status !== 'SUCCESS')).toEqual([])

  const node = await startNode(join(dataDir, 'ledger'))
  const facts = await readLedger(node.url)
  await node.stop()
  const committed = commitsByRun(facts)
  console.log(`${rounds} kills, ${acknowledged.length} acknowledged runs, ${committed.size} runs committed`)
  // Without enough runs in flight the kills would have proved nothing.
  expect(acknowledged.length).toBeGreaterThan(rounds / 2)
  expect(overlaps(facts)).toEqual([])
  expect([...committed.values()].filter((commits) => commits !== 1)).toEqual([])
  const published = await filesBelow(join(dataDir, 'tenants', 'default'), 'drill')
  expect(new Map([...published].sort())).toEqual(new Map([...committedTargets(facts)].sort()))
}, 600_000)

test('killed between commit and publish, the next life publishes what was committed', async () => {
  const dataDir = await temporaryDir('publish')
  const env = { DATA_DIR: dataDir, PIPELINES_DIR: drillPipelines }
  const service = await startService({ ...env, DRILL_BEFORE_PUBLISH_MS: '30000' })
  const client = new BatchClient(service.url)
  const runId = await client.triggered('drill-days', 'day-1')
  const isCommitted = async () => (await client.history(runId)).some(({ type }) => type === 'OutputsCommitted')
  while (!(await isCommitted())) await pause(50)
  await service.killGroup()
  await expect(filesBelow(join(dataDir, 'tenants/default'), 'drill')).rejects.toThrow('ENOENT')

  const next = await startService(env)
  const again = new BatchClient(next.url)
  expect((await again.finished(runId)).status).toBe('SUCCESS')
  const events = await again.history(runId)
  expect(events.filter(({ type }) => type === 'RunStarted').map(({ data }) => data.attempt)).toEqual([1, 2])
  expect(events.filter(({ type }) => type === 'OutputsCommitted')).toHaveLength(1)
  expect([...(await filesBelow(join(dataDir, 'tenants/default'), 'drill')).keys()].sort()).toEqual([
    'drill/day-1.csv',
    'drill/day-1.parquet',
  ])
  await next.stop()
})
