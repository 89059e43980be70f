import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CallRecorder } from '../../src/app/call-recorder.ts'
import { documentOf } from '../../src/http/app.ts'
import type { Dialect } from '../../src/http/dialect.ts'
import { nowMs, openApi, otherTenantUuid, tenantUuid } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { textOf } from '../support/sse.ts'
import { asking, nobody, pseudonymOf } from './asking.ts'
import { calledOperationsOf } from './openapi/reading.ts'
import { probeDialects } from './probe.ts'

const tokens = { alice: identityOf('alice'), bob: identityOf('bob', { tenants: [otherTenant] }) }
type Who = keyof typeof tokens

const operationsFor = (dialects: readonly Dialect[]) => calledOperationsOf(documentOf(dialects))

/** Names of headers that differ between two equal answers. */
const varying = new Set(['x-request-id', 'ledger-position', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'ratelimit'])

const withoutDrawn = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
    .replaceAll(/[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{90,}=*/g, '<base64>')
    .replaceAll(/"(identity|origin|secret)":"[^"]*"/g, '"$1":"<sealed>"')
    .replaceAll(/whsec_[\w+/=]+/g, '<secret>')
    .replaceAll(/^id: [\w-]{22}$/gm, 'id: <position>')
    .replaceAll(/"(next|as_of|position)":"[\w-]{22}"/g, '"$1":"<position>"')

const world = async () => {
  const api = await openApi({ tokens, open: false })
  for (const who of ['alice', 'bob'] as const) {
    const { issuer, subject, tenants } = tokens[who]
    expect(await api.keys.pseudonymOf({ issuer, subject: `${tenants[0]}/${subject}` })).toBe(pseudonymOf[who])
  }
  const recorder = new CallRecorder({ commands: api.commands, log: api.log, replica: 'box', nowMs: () => nowMs })
  api.services.calls = recorder
  const operations = operationsFor(api.dialects)
  /** Ids that this world has drawn for alice: of her last webhook, delivery, and job for evidence. */
  const drawn = { FIRST: nobody, SECOND: nobody, JOB: nobody }
  const ask = async (
    who: Who,
    operationId: string,
    id: string,
    headers: Record<string, string> = {},
    of: typeof drawn = drawn,
  ) => {
    const operation = operations.find((each) => each.operationId === operationId)
    const { path: written, body } = asking[operationId]?.(id) ?? { path: '/' }
    const path = written.replace('FIRST', of.FIRST).replace('SECOND', of.SECOND).replace('JOB', of.JOB)
    const request = {
      method: operation?.method ?? 'GET',
      headers: { authorization: `Bearer ${who}`, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }
    const response = await api.app.request(path, request)
    await recorder.durable(tenant)
    await recorder.durable(otherTenant)
    await api.pump.settled()
    const shown = [...response.headers].filter(([name]) => !varying.has(name)).sort()
    const text = await textOf(response)
    if (who === 'alice') {
      drawn.FIRST = /"webhook_id":"([^"]+)"/.exec(text)?.[1] ?? drawn.FIRST
      drawn.SECOND = /"delivery_id":"([^"]+)"/.exec(text)?.[1] ?? drawn.SECOND
      drawn.JOB = /^\/evidence\/jobs\/(.+)$/.exec(response.headers.get('location') ?? '')?.[1] ?? drawn.JOB
    }
    return { status: response.status, text: withoutDrawn(text), headers: withoutDrawn(JSON.stringify(shown)) }
  }
  return { ...api, ask, drawn }
}

test('every operation of the document is asked here', async () => {
  const operations = operationsFor((await openApi()).dialects)
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(asking).sort())
  expect(operations.length).toBeGreaterThan(0)
})

/** An id, or a word, that says whose it is. */
const ids = fc.constantFrom('of-alice-1', 'of-alice-2', 'of-alice-3')
const steps = fc.array(
  fc.record({
    who: fc.constantFrom<Who>('alice', 'bob'),
    operationId: fc.constantFrom(...Object.keys(asking)),
    id: ids,
    key: fc.option(fc.constantFrom('"k1"', '"k2"'), { nil: null }),
  }),
  { minLength: 5, maxLength: 30 },
)

test('whatever a tenant does, another hears of it what it would hear had it never been', async () => {
  let asked = 0
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const [shared, alone] = [await world(), await world()]
      for (const { who, operationId, id, key } of story) {
        const headers = key === null ? {} : { 'idempotency-key': key }
        const heard = await shared.ask(who, operationId, id, headers)
        if (who === 'alice') continue
        asked += 1
        // In the other world there is no alice. What bob asks of his own name he may see: his calls.
        const unheard = await alone.ask(who, operationId, id, headers, shared.drawn)
        if (operationId === 'native.get.access') {
          expect(calls(heard.text)).toEqual(calls(unheard.text))
        } else expect(heard).toEqual(unheard)
      }
    }),
    { numRuns: 40 },
  )
  expect(asked).toBeGreaterThan(100)
}, 120_000)

/** Calls without what is drawn anew in each world. */
const calls = (text: string): unknown =>
  (JSON.parse(text) as { calls: Record<string, unknown>[] }).calls.map(
    ({ at, request_id, duration_ms, actor, ...call }) => call,
  )

describe('a foreign id', () => {
  // A list of calls has the caller's own in it, and so is never the same twice.
  test.each(Object.keys(asking).filter((id) => id !== 'native.get.access'))(
    '%s answers as to one that is unknown',
    async (operationId) => {
      const { ask } = await world()
      const before = await ask('bob', operationId, 'of-alice-1')
      expect((await ask('alice', 'batch.post.trigger.pipeline', 'of-alice-1')).status).toBe(200)
      expect((await ask('alice', 'batch.get.status.run_id', 'of-alice-1')).status).toBe(200)
      expect((await ask('alice', 'batch.post.webhooks', 'of-alice-1')).status).toBe(201)
      expect((await ask('alice', 'batch.post.webhooks.webhook_id.test', 'of-alice-1')).status).toBe(202)
      expect((await ask('alice', 'batch.get.webhooks.webhook_id.deliveries', 'of-alice-1')).status).toBe(200)
      expect((await ask('alice', 'evidence.post.jobs', 'of-alice-1')).status).toBe(202)
      expect((await ask('alice', 'evidence.get.jobs.job_id.file', 'of-alice-1')).status).toBe(200)
      const after = await ask('bob', operationId, 'of-alice-1')
      expect(after).toEqual(before)
    },
  )

  test.each(probeDialects())('$name: the tenant of another is refused as one that does not exist', async (dialect) => {
    if (dialect.scheme !== 'bearer-and-tenant') return
    const { app } = await openApi({ tokens, open: false, dialects: probeDialects })
    const as = async (uuid: string) => {
      const headers = { authorization: 'Bearer alice', 'x-tenant-id': uuid, 'x-request-id': 'same' }
      const response = await app.request(`${dialect.prefix}/a`, { headers })
      const shown = [...response.headers].filter(([name]) => !varying.has(name))
      return { status: response.status, text: await response.text(), headers: shown }
    }
    expect((await as(tenantUuid)).status).toBe(200)
    const foreign = await as(otherTenantUuid)
    expect(foreign.status).toBe(403)
    expect(foreign).toEqual(await as('7e8cf0ac-9de4-4c44-8a1f-6a4e3d7b6f10'))
  })
})
