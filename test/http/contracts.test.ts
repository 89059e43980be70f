import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'

const rows = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const v1 = rows({ origin: { type: 'string' }, flights: { type: 'integer' } }, { additionalProperties: false })
const open = async () => {
  const api = await openApi({ approvalRules: [] })
  const register = (body: object, query = '') => api.post(`/pipelines/contracts${query}`, body)
  return { ...api, register }
}

describe('POST /pipelines/contracts', () => {
  test('201: registers a version, which is there from then on, and once only', async () => {
    const { get, register } = await open()
    const body = { name: 'routes', version: 'v1', schema: v1 }
    expect(await register(body, '?dry_run=true')).toMatchObject({ status: 200, body: { dry_run: true, changed: true } })
    expect((await get('/pipelines/contracts/routes')).status).toBe(404)
    const made = await register(body)
    expect(made).toMatchObject({ status: 201, body: { number: 1, compatibility: 'backward', changed: true } })
    expect(made.headers.get('location')).toBe('/pipelines/contracts/routes/versions/v1')
    expect(await register(body)).toMatchObject({ status: 200, body: { number: 1, changed: false } })
    const list = (await get('/pipelines/contracts')).body
    expect(list).toMatchObject({ contracts: [{ name: 'routes', version: 'v1', number: 1 }] })
    expect((await get('/pipelines/contracts/routes')).body).toMatchObject({ schema: v1, versions: [{ number: 1 }] })
    const version = await get('/pipelines/contracts/routes/versions/v1')
    expect(version).toMatchObject({ status: 200, body: { name: 'routes', schema: v1 } })
  })

  test('409: a version never changes, and none breaks the one before unless it says so', async () => {
    const { register } = await open()
    await register({ name: 'routes', version: 'v1', schema: v1 })
    const next = rows({ origin: { type: 'integer' } }, { additionalProperties: false })
    expect(await register({ name: 'routes', version: 'v1', schema: next })).toMatchObject({
      status: 409,
      body: { title: 'CONTRACT_VERSION_EXISTS' },
    })
    expect(await register({ name: 'routes', version: 'v2', schema: next })).toMatchObject({
      status: 409,
      body: {
        title: 'CONTRACT_INCOMPATIBLE',
        problems: [
          "/properties/origin/type: backward: 'origin' may be string, not only integer",
          "/properties/flights: backward: 'flights' may be in rows, but is not allowed",
        ],
      },
    })
    const broken = await register({ name: 'routes', version: 'v2', schema: next, compatibility: 'none' })
    expect(broken).toMatchObject({ status: 201, body: { number: 2, compatibility: 'none' } })
  })

  test.each([
    [{ name: 'R', version: 'v1', schema: v1 }, 'name'],
    [{ name: 'r', version: 'v 1', schema: v1 }, 'version'],
    [{ name: 'r', version: 'v1' }, 'schema'],
    [{ name: 'r', version: 'v1', schema: v1, compatibility: 'both' }, 'compatibility'],
    [{ name: 'r', version: 'v1', schema: { type: 'array' } }, 'schema.type'],
    [{ name: 'r', version: 'v1', schema: rows({}) }, 'schema.properties'],
    [{ name: 'r', version: 'v1', schema: rows({ a: { type: 'text' } }) }, 'schema.properties.a.type'],
    [{ name: 'r', version: 'v1', schema: rows({ a: { $ref: '#' } }) }, 'schema.properties.a.$ref'],
    [{ name: 'r', version: 'v1', schema: rows({ a: { pattern: '(' } }) }, 'schema.properties.a.pattern'],
    [{ name: 'r', version: 'v1', schema: rows({ a: {} }, { required: ['b'] }) }, 'schema.required.0'],
  ])('400: %j names the field %s', async (body, field) => {
    const { register } = await open()
    expect(await register(body)).toMatchObject({ status: 400, body: { field } })
  })
})

describe('POST /pipelines/contracts/{name}/check', () => {
  test('200: tells what stands against a schema, and registers nothing', async () => {
    const { get, post, register } = await open()
    await register({ name: 'routes', version: 'v1', schema: v1, compatibility: 'full' })
    const schema = rows({ ...v1.properties, delay: { type: 'number' } }, { additionalProperties: false })
    expect((await post('/pipelines/contracts/routes/check', { schema })).body).toEqual({
      compatible: false,
      compatibility: 'full',
      against: 'v1',
      findings: [{ path: '/properties/delay', rule: 'forward', message: "'delay' may be in rows, but is not allowed" }],
    })
    const backward = await post('/pipelines/contracts/routes/check', { schema, compatibility: 'backward' })
    expect(backward.body).toMatchObject({ compatible: true, findings: [] })
    expect((await get('/pipelines/contracts/routes')).body.versions).toHaveLength(1)
  })

  test('404: a contract or a version that is not there is named', async () => {
    const { get, post, register } = await open()
    const missing = await post('/pipelines/contracts/nothing/check', { schema: v1 })
    expect(missing).toMatchObject({ status: 404, body: { detail: "contract 'nothing' not found" } })
    await register({ name: 'routes', version: 'v1', schema: v1 })
    expect(await get('/pipelines/contracts/routes/versions/v2')).toMatchObject({
      status: 404,
      body: { title: 'CONTRACT_NOT_FOUND', detail: "contract 'routes' has no version 'v2'" },
    })
  })
})

describe('POST /pipelines/validate', () => {
  const manifest = {
    name: 'by-route',
    version: '1.0.0',
    sources: { flights: { type: 'csv', path: 'flights.csv' } },
    transformations: [{ name: 'by_route', type: 'sql', sql: 'select origin, flights from flights' }],
    sinks: { routes: { type: 'csv', from: 'by_route', path: 'routes.csv' } },
    contract: { sink: 'routes', ref: 'routes@v1', sources: { flights: 'routes@v1' } },
  }

  test('200: goes by the contracts of the tenant', async () => {
    const { post, register } = await open()
    const unknown = await post('/pipelines/validate', { manifest })
    expect(unknown.body).toMatchObject({ valid: false, findings: [{ rule: 'contract' }, { rule: 'contract' }] })
    await register({ name: 'routes', version: 'v1', schema: v1 })
    expect((await post('/pipelines/validate', { manifest })).body).toEqual({ valid: true, findings: [] })
  })

  test('200: tells its findings as SARIF 2.1.0 where that is asked for', async () => {
    const { app } = await open()
    const response = await app.request('/pipelines/validate', {
      method: 'POST',
      headers: { host: 'localhost:8000', 'content-type': 'application/json', accept: 'application/sarif+json' },
      body: JSON.stringify({ manifest: 'name: [' }),
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/sarif+json'])
    const sarif = JSON.parse(await response.text())
    const [{ tool, results }] = sarif.runs
    expect([sarif.version, tool.driver.name, results.length]).toEqual(['2.1.0', 'ledgerline validate', 1])
    const [result] = results
    expect(tool.driver.rules[result.ruleIndex]).toMatchObject({ id: 'yaml' })
    expect(result).toMatchObject({
      ruleId: 'yaml',
      level: 'error',
      message: { text: expect.stringContaining('line 1, column 8: ') },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'manifest' }, region: { startLine: 1, startColumn: 8 } },
          logicalLocations: [{ fullyQualifiedName: 'line 1, column 8' }],
        },
      ],
    })
  })
})
