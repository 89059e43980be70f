import fc from 'fast-check'
import { expect, test } from 'vitest'
import { documentOf } from '../../src/http/app.ts'
import { openApi, tenantUuid } from '../support/api.ts'
import * as c from '../support/run-commands.ts'
import { answerOf, checkAnswer, requestsFor } from './openapi/fuzz.ts'
import { probeDialects } from './probe.ts'

const requests = 10_000

test(`${requests} requests made from the OpenAPI document get documented answers only`, async () => {
  const api = await openApi({ dialects: probeDialects })
  for (const id of ['r1', 'r2', 'r3', 'r4']) await api.run(id)
  await api.say('r2', c.startRun(1), c.failRun())
  await api.say('r3', c.startRun(1))
  const document = documentOf(api.dialects)
  const known = {
    run_id: ['r1', 'run_r2', 'exec-r3', 'r4'],
    pipeline: ['flights', 'weather'],
    slug: ['flights', 'weather'],
    batch_id: ['B-r1', '2001-01-01', 'B9'],
    'X-Tenant-ID': [tenantUuid],
    'X-API-Key': ['agent-key'],
  }
  const statuses = new Map<number, number>()
  const faults: string[] = []
  let asked = 0
  await fc.assert(
    fc.asyncProperty(requestsFor(document, { known, headers: { host: 'localhost:8000' } }), async (request) => {
      const { url, method, headers, body } = request
      const init = { method, headers, ...(body === undefined ? {} : { body }) }
      const answer = await answerOf(await api.app.request(new Request(url, init)))
      asked += 1
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      const fault = checkAnswer(document, request, answer)
      if (fault !== null) faults.push(fault)
      expect(fault).toBeNull()
    }),
    { numRuns: requests, endOnFailure: true },
  )
  expect(faults).toEqual([])
  expect(asked).toBeGreaterThanOrEqual(requests)
  // A fuzz that only ever hears one answer has tried nothing.
  console.log(
    `${asked} requests: ${[...statuses]
      .sort()
      .map(([status, count]) => `${status} ×${count}`)
      .join(', ')}`,
  )
  const met = (status: number) => statuses.get(status) ?? 0
  expect([200, 400, 401, 403, 404, 409].filter((status) => met(status) === 0)).toEqual([])
  expect(api.log.lines.filter((line) => line.startsWith('error'))).toEqual([])
}, 300_000)
