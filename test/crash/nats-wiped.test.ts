import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { BatchClient } from '../e2e/batch-client.ts'
import { commitsByRun, committedTargets, filesBelow, overlaps, readLedger } from '../e2e/ledger-facts.ts'
import { closeReceivers, receiver } from '../e2e/receiver.ts'
import { pause } from '../e2e/service.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { openStack, untilSo } from './stack.ts'

const runsQueued = 200
const webhooksDue = 50
const withinMs = 60_000

afterEach(closeReceivers)

const register = async (url: string, receiverUrl: string): Promise<void> => {
  const body = JSON.stringify({ url: receiverUrl, events: ['SUCCESS'] })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/pipeline/webhooks`, { method: 'POST', headers, body })
  expect(response.status).toBe(201)
}

describe.skipIf(noNatsServer)(named('NATS, stopped and wiped in the middle'), () => {
  test(`with ${runsQueued} runs queued and ${webhooksDue} webhooks due, all is done within a minute of its return`, async () => {
    const { nats, node, apis, workers, dir } = await openStack(1, 2, {
      WEBHOOK_ALLOW_PRIVATE: 'true',
      WEBHOOK_RETRY_SCHEDULE: '0s,8s,8s,8s,8s,8s',
    })
    const client = new BatchClient(apis[0]?.url ?? '')
    let refused = Infinity
    const { messages, url } = await receiver((count) => (count > refused ? 200 : 503))
    await register(client.url, url)

    const first = await Promise.all(
      Array.from({ length: webhooksDue }, (_, n) => client.triggered('drill-days', `first-${n}`)),
    )
    for (const id of first) expect((await client.finished(id)).status).toBe('SUCCESS')
    await untilSo(() => messages.length >= webhooksDue, 30_000)
    const queued = await Promise.all(
      Array.from({ length: runsQueued }, (_, n) => client.triggered('drill-days', `then-${n}`)),
    )

    await nats.kill()
    nats.wipe()
    await pause(1_000)
    await nats.start()
    refused = messages.length
    const returned = performance.now()

    for (const id of queued) expect((await client.finished(id, withinMs)).status).toBe('SUCCESS')
    const runsMs = Math.round(performance.now() - returned)
    const taken = () => messages.slice(refused).map(({ headers }) => headers['webhook-id'])
    await untilSo(() => new Set(taken()).size === runsQueued + webhooksDue, withinMs)
    console.log(
      `after NATS came back empty: runs in ${runsMs} ms, webhooks in ${Math.round(performance.now() - returned)} ms`,
    )
    expect(performance.now() - returned).toBeLessThan(withinMs)

    for (const each of [...workers, ...apis]) expect(await each.stop()).toBe(0)
    const facts = await readLedger(node.url)
    expect(overlaps(facts)).toEqual([])
    expect([...commitsByRun(facts).values()]).toEqual(Array(runsQueued + webhooksDue).fill(1))
    const published = await filesBelow(join(dir, 'tenants/default'), 'drill')
    expect(new Map([...published].sort())).toEqual(new Map([...committedTargets(facts)].sort()))
    expect(taken()).toHaveLength(runsQueued + webhooksDue)
    const recorded = facts.filter(({ type, data }) => type === 'DeliveryAttempted' && data.outcome === 'delivered')
    expect(recorded).toHaveLength(runsQueued + webhooksDue)
  }, 240_000)
})
