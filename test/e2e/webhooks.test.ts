import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { closeReceivers, receiver } from './receiver.ts'
import { drillPipelines, pause, type Service, startService, temporaryDir } from './service.ts'

interface Registered {
  webhook_id: string
  secret: string
}

interface Delivery {
  delivery_id: string
  status: string
  attempts: { attempt: number; outcome: string; status: number | null }[]
}

afterEach(closeReceivers)

let service: Service
let client: BatchClient
let dataDir: string
const start = () =>
  startService({
    DATA_DIR: dataDir,
    PIPELINES_DIR: drillPipelines,
    WEBHOOK_ALLOW_PRIVATE: 'true',
    WEBHOOK_RETRY_SCHEDULE: '0s,50ms,50ms,50ms,50ms,50ms,50ms',
  })

beforeAll(async () => {
  dataDir = await temporaryDir('webhooks')
  service = await start()
  client = new BatchClient(service.url)
})

afterAll(async () => {
  await service.stop()
})

const call = async <Body>(method: string, path: string, body?: object): Promise<Body> => {
  const response = await fetch(`${service.url}/api/pipeline/webhooks${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  return (await response.json()) as Body
}

const register = (url: string, over: object = {}) =>
  call<Registered>('POST', '', { url, events: ['SUCCESS', 'FAILURE'], ...over })

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await isSo()) return
    await pause(50)
  }
  throw new Error(`never so: ${isSo}`)
}

const deliveriesOf = async (webhookId: string): Promise<Delivery[]> =>
  (await call<{ deliveries: Delivery[] }>('GET', `/${webhookId}/deliveries`)).deliveries

/** Registers nothing that outlives the test. */
const forget = (webhookId: string) => call('DELETE', `/${webhookId}`)

let day = 0
const runs = async (count = 1): Promise<string[]> => {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    day += 1
    ids.push(await client.triggered('drill-days', `hook-${day}`))
  }
  for (const id of ids) await client.finished(id)
  return ids
}

describe('a webhook', () => {
  test('is told that a run ended, in the payload of the document, signed so that the standard library verifies it', async () => {
    const { url, messages } = await receiver(() => 204)
    const { webhook_id, secret } = await register(url, { pipelines: ['drill-days'] })
    const [runId] = await runs()
    await until(() => messages.length === 1)
    const [message] = messages
    const headers = message?.headers as Record<string, string>
    expect(new Webhook(secret).verify(message?.body ?? '', headers)).toEqual({
      event: 'PIPELINE_COMPLETED',
      run_id: runId,
      pipeline: 'drill-days',
      status: 'SUCCESS',
      batch_id: `hook-${day}`,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
    await until(async () => (await deliveriesOf(webhook_id))[0]?.status === 'DELIVERED')
    await forget(webhook_id)
  })

  test('is not told of other pipelines, nor of events that it did not ask for', async () => {
    const { url, messages } = await receiver(() => 204)
    const other = await register(url, { pipelines: ['another'] })
    const failures = await register(url, { events: ['FAILURE'] })
    const wanted = await receiver(() => 204)
    const all = await register(wanted.url)
    await runs()
    await until(() => wanted.messages.length === 1)
    expect(messages).toEqual([])
    for (const { webhook_id } of [other, failures, all]) await forget(webhook_id)
  })

  test('that answers 500 five times gets the sixth, under one id', async () => {
    const { url, messages } = await receiver((count) => (count <= 5 ? 500 : 200))
    const { webhook_id, secret } = await register(url)
    await runs()
    await until(async () => (await deliveriesOf(webhook_id))[0]?.status === 'DELIVERED')
    expect(messages).toHaveLength(6)
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    for (const { body, headers } of messages) new Webhook(secret).verify(body, headers as Record<string, string>)
    const [delivery] = await deliveriesOf(webhook_id)
    expect(delivery?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 500],
      [2, 500],
      [3, 500],
      [4, 500],
      [5, 500],
      [6, 200],
    ])
    await forget(webhook_id)
  })

  test('that never takes it is given up at the end of the schedule, and gets it again on request', async () => {
    let status = 500
    const { url, messages } = await receiver(() => status)
    const { webhook_id } = await register(url)
    await runs()
    await until(async () => (await deliveriesOf(webhook_id))[0]?.status === 'EXHAUSTED')
    expect(messages).toHaveLength(7)
    status = 200
    const [delivery] = await deliveriesOf(webhook_id)
    await call('POST', `/${webhook_id}/deliveries/${delivery?.delivery_id}/resend`)
    await until(async () => (await deliveriesOf(webhook_id))[0]?.status === 'DELIVERED')
    expect(messages).toHaveLength(8)
    await forget(webhook_id)
  })

  test('that hangs holds nobody else up', async () => {
    const hanging = await receiver(() => null)
    const quick = await receiver(() => 200)
    const [slow, fast] = [await register(hanging.url), await register(quick.url)]
    await runs(6)
    const before = performance.now()
    await until(() => quick.messages.length === 6)
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(hanging.messages.length).toBeGreaterThan(0)
    await forget(slow.webhook_id)
    await forget(fast.webhook_id)
  })

  test('that answers 410 is disabled', async () => {
    const { url, messages } = await receiver(() => 410)
    const { webhook_id } = await register(url)
    await runs()
    const look = () => call<{ enabled: boolean; disabled_reason: string }>('GET', `/${webhook_id}`)
    await until(async () => !(await look()).enabled)
    expect((await look()).disabled_reason).toBe('the receiver answered 410 Gone')
    await runs()
    expect(messages).toHaveLength(1)
    await forget(webhook_id)
  })

  test('signs with both secrets after a rotation', async () => {
    const { url, messages } = await receiver(() => 200)
    const { webhook_id, secret } = await register(url)
    const { secret: next } = await call<{ secret: string }>('POST', `/${webhook_id}/rotate-secret`)
    expect(next).not.toBe(secret)
    await call('POST', `/${webhook_id}/test`)
    await until(() => messages.length === 1)
    for (const each of [secret, next]) {
      const { body, headers } = messages[0] ?? { body: '', headers: {} }
      expect(new Webhook(each).verify(body, headers as Record<string, string>)).toMatchObject({
        event: 'TEST',
        webhook_id,
      })
    }
    await forget(webhook_id)
  })
})

test('what was due when the service was killed is delivered by its next life, and what was delivered is not sent again', async () => {
  let status = 500
  const { url, messages } = await receiver(() => status)
  const done = await receiver(() => 200)
  const [waiting, finished] = [await register(url), await register(done.url)]
  await runs()
  await until(() => messages.length > 0 && done.messages.length === 1)
  await until(async () => (await deliveriesOf(finished.webhook_id))[0]?.status === 'DELIVERED')
  await service.killGroup()
  status = 200
  const before = messages.length
  service = await start()
  client = new BatchClient(service.url)
  await until(() => messages.length > before)
  await until(async () => (await deliveriesOf(waiting.webhook_id))[0]?.status === 'DELIVERED')
  expect(done.messages).toHaveLength(1)
})
