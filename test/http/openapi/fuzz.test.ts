import fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { answerOf, checkAnswer, type FuzzRequest, requestsFor } from './fuzz.ts'
import { inventedDocument } from './invented.ts'

const document = inventedDocument()
const requestId = { 'X-Request-Id': 'r-1' }
const toy = { toy_id: 't-1', made_at: '2026-01-02T03:04:05Z', price: null, parts: { wheels: [4, null] } }
const problem = { 'Content-Type': 'application/problem+json', ...requestId }

type Change = (response: Response) => Response | Promise<Response>

/** An app that keeps to the document, except for what is changed in its answers of 200 and 201. */
const appOf = (change: Change = (response) => response) => {
  const app = new Hono()
  const refusal = (status: 400 | 404 | 413) => new Response('{"error":"no"}', { status, headers: problem })
  app.get('/play/toys', (c) =>
    /^\d{0,3}$/.test(c.req.query('limit') ?? '') ? c.json({ toys: [toy], total: 1 }, 200, requestId) : refusal(400),
  )
  app.post('/play/toys/:shelf', async (c) => {
    if (c.req.param('shelf') !== 'upper') return refusal(404)
    const text = await c.req.text()
    if (text.length > 1_048_576) return refusal(413)
    return isJson(text) ? c.json(toy, 201, requestId) : refusal(400)
  })
  app.on('POST', ['/play/:toy_id{[^/]+(?::|%3[Aa])run}', '/t/:toy_id{[^/]+(?::|%3[Aa])run}'], (c) =>
    c.body(null, 204, requestId),
  )
  app.get('/', (c) => c.json({ error: 'none' }, 200, requestId))
  app.get('/health', (c) => c.json({ status: 'ok' }))
  return async ({ url, method, headers, body }: FuzzRequest) => {
    const response = await app.fetch(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }))
    return answerOf(response.status > 201 || /health$/.test(url) ? response : await change(response))
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const options = { known: { shelf: ['upper'] }, headers: { Host: 'localhost:8000' } }
const sampled = (count: number) => fc.sample(requestsFor(document, options), { numRuns: count, seed: 7 })

/** The first fault that is found in 300 requests. */
const faultIn = async (change?: Change): Promise<string | null> => {
  const call = appOf(change)
  for (const request of sampled(300)) {
    const fault = checkAnswer(document, request, await call(request))
    if (fault !== null) return fault
  }
  return null
}

const withBody =
  (edit: (text: string) => string): Change =>
  async (response) =>
    new Response(edit(await response.text()), response)

const withHeaders =
  (edit: (headers: Headers) => void): Change =>
  (response) => {
    const changed = new Response(response.body, response)
    edit(changed.headers)
    return changed
  }

describe('an answer is checked', () => {
  test('an app that keeps to its document has no fault', async () => {
    expect(await faultIn()).toBeNull()
  })

  test.each<[string, Change, string]>([
    ['a failure', () => new Response('oh', { status: 500 }), 'the server failed: 500 oh'],
    ['an unavailable server', () => new Response('', { status: 503, headers: problem }), 'the server failed: 503'],
    ['another status', () => new Response('', { status: 418 }), 'does not document 418'],
    ['no request id', withHeaders((headers) => headers.delete('x-request-id')), 'has no X-Request-Id'],
    ['another type', withHeaders((headers) => headers.set('content-type', 'text/html')), "is 'text/html', not"],
    ['no type', withHeaders((headers) => headers.delete('content-type')), "is '', not application/json"],
    ['no JSON', withBody((text) => `${text}}`), 'is no JSON'],
    ['nothing', withBody(() => ''), 'is no JSON'],
    ['a missing field', withBody((text) => text.replaceAll('"toy_id"', '"id"')), "required property 'toy_id'"],
    ['a field too much', withBody((text) => text.replace('{', '{"a":1,')), 'must NOT have additional properties'],
    ['another kind', withBody((text) => text.replaceAll('null,"parts"', '"1","parts"')), 'must be number'],
    ['no time', withBody((text) => text.replaceAll('2026-01-02T', '2026-13-02T')), 'must match format "date-time"'],
  ])('%s is found', async (_, change, said) => {
    expect(await faultIn(change)).toContain(said)
  })

  const answered = (path: string, method: string, status: number, text = '', headers = requestId) =>
    checkAnswer(document, { url: `http://here${path}`, method }, { status, text, headers: new Headers(headers) })

  test('an answer without content has no body', () => {
    expect(answered('/play/a:run', 'POST', 204)).toBeNull()
    expect(answered('/play/a:run', 'POST', 204, 'x')).toContain('toys.post.toy_id.run 204 has a body: x')
  })

  test('an error has the shape and the type of its dialect', () => {
    expect(answered('/play/a:run', 'POST', 404, '{"error":"no"}', problem)).toBeNull()
    expect(answered('/play/a:run', 'POST', 404, '{"message":"no"}', problem)).toContain('does not fit its schema')
    const json = { ...problem, 'Content-Type': 'application/json' }
    expect(answered('/play/a:run', 'POST', 404, '{"error":"no"}', json)).toContain("is 'application/json', not")
  })

  test('an answer or an error where they share a status', () => {
    const json = { ...problem, 'Content-Type': 'application/json; charset=UTF-8' }
    expect(answered('/', 'GET', 200, '{"toys":[],"total":0}', json)).toBeNull()
    expect(answered('/', 'GET', 200, '{"error":"none"}', json)).toBeNull()
    expect(answered('/', 'GET', 200, '{"toys":[]}', json)).toContain('does not fit its schema')
  })

  test('by the operation that the URL leads to, which dots and escapes may change', () => {
    expect(answered('/play/a%3Arun', 'POST', 418)).toContain('toys.post.toy_id.run does not document 418')
    expect(answered('/play/x/../toys', 'GET', 418)).toContain('toys.get.toys does not document 418')
  })

  test('beyond the routes of the document only a failure is wrong', () => {
    expect(answered('/play/nowhere', 'GET', 404)).toBeNull()
    expect(answered('/play/nowhere', 'GET', 500)).toContain('GET http://here/play/nowhere: the server failed')
  })
})

describe('requests', () => {
  const requests = sampled(3_000)
  const ofMaking = requests.filter(({ operationId }) => operationId === 'toys.post.toys.shelf')

  test('are made for every operation, and fetch can send each', () => {
    expect(new Set(requests.map(({ operationId }) => operationId)).size).toBe(6)
    for (const { url, method, headers, body } of requests) {
      expect(() => new Request(url, { method, headers, ...(body === undefined ? {} : { body }) })).not.toThrow()
    }
  })

  test('carry the given headers, and known ids most often', () => {
    expect(requests.every(({ headers }) => headers.host === 'localhost:8000')).toBe(true)
    const known = ofMaking.filter(({ url }) => new URL(url).pathname === '/play/toys/upper')
    expect(known.length).toBeGreaterThan(ofMaking.length / 3)
  })

  test('have odd paths, queries and headers', () => {
    const urls = requests.map(({ url }) => url)
    const has = (pattern: RegExp) => urls.some((url) => pattern.test(url))
    for (const odd of [/\.\./, /%2F/, /%zz/, /%F0%9F/, /x{300}/, /__proto__/]) expect(has(odd), String(odd)).toBe(true)
    const queries = urls.filter((url) => url.includes('/play/toys?'))
    for (const part of [/limit=\d{1,3}(&|$)/, /limit=.*&limit=/, /unknown=1/, /kind=(wood|tin)/, /since=\d{4}-/]) {
      expect(
        queries.some((url) => part.test(url)),
        String(part),
      ).toBe(true)
    }
    for (const name of ['idempotency-key', 'ledger-position', 'x-request-id', 'x-tenant-id', 'accept', 'x-api-key']) {
      expect(new Set(requests.map(({ headers }) => headers[name])).size, name).toBeGreaterThan(4)
    }
  })

  test('have bodies that fit, that miss or exceed something, that are no JSON or none, and other media types', () => {
    const bodies = ofMaking.map(({ body = '' }) => body)
    const parsed = bodies.filter(isJson).map((text): unknown => JSON.parse(text))
    const objects = parsed.filter((each): each is object => typeof each === 'object' && each !== null)
    const fraction = (count: number) => count / ofMaking.length
    expect(fraction(objects.filter((each) => 'name' in each).length)).toBeGreaterThan(0.4)
    expect(objects.some((each) => !('name' in each))).toBe(true)
    expect(objects.some((each) => 'extra' in each)).toBe(true)
    expect(fraction(bodies.length - parsed.length)).toBeGreaterThan(0.05)
    for (const odd of [/^$/, /\[{2000}/, /1e400/, /9007199254740993/, /\\ud800/, /__proto__/]) {
      expect(
        bodies.some((body) => odd.test(body)),
        String(odd),
      ).toBe(true)
    }
    expect(new Set(ofMaking.map(({ headers }) => headers['content-type'])).size).toBeGreaterThan(5)
    const large = sampled(6_000).some(({ body = '' }) => body.length > 1_048_576)
    expect(large).toBe(true)
  })

  test('GET has no body', () => {
    expect(requests.filter(({ method, body }) => method === 'GET' && body !== undefined)).toEqual([])
  })

  test('10 000 are made, answered and checked within 20 s', async () => {
    const call = appOf()
    const begun = performance.now()
    for (const request of sampled(10_000)) {
      expect(checkAnswer(document, request, await call(request))).toBeNull()
    }
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})
