import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { observedApi } from '../support/observed-api.ts'

const ask = '/pipelines/lineage?dataset='

/** From a and b comes out/c, from that d, and from d nothing, for that run failed. All are in the namespace `file://x`. */
const chain = async () => {
  const api = await observedApi()
  await api.ran('r1', { hoursAgo: 5, inputs: ['file://x|a', 'file://x|b'], outputs: ['file://x|out/c'] })
  await api.ran('r2', { hoursAgo: 4, inputs: ['file://x|out/c'], outputs: ['file://x|d'] })
  await api.ran('r3', { hoursAgo: 3, fails: 'STAGE_FAILED' })
  const nodes = async (query: string) => {
    const { body } = await api.get(ask + query)
    return (body.nodes as { id: string }[]).map(({ id }) => id).sort()
  }
  return { ...api, nodes }
}

const [a, b, c, d, job] = [
  'dataset:file://x/a',
  'dataset:file://x/b',
  'dataset:file://x/out/c',
  'dataset:file://x/d',
  'job:flights.load',
]

describe('the lineage of a dataset', () => {
  test('has its datasets and jobs as nodes, what flows as edges, and which came from which as paths', async () => {
    const { get } = await chain()
    const { status, body } = await get(`${ask}file://x/d&direction=upstream`)
    const told = { direction: 'upstream', runs: 1 }
    const [first, second] = [
      { last_run_id: 'r2', last_at: '2026-01-01T23:04:17.678Z' },
      { last_run_id: 'r1', last_at: '2026-01-01T22:04:17.678Z' },
    ]
    expect([status, body]).toEqual([
      200,
      {
        from: [{ namespace: 'file://x', name: 'd' }],
        direction: 'upstream',
        depth: 10,
        truncated: false,
        nodes: [
          { id: d, type: 'dataset', namespace: 'file://x', name: 'd' },
          { id: job, type: 'job', pipeline: 'flights', stage: 'load' },
          { id: c, type: 'dataset', namespace: 'file://x', name: 'out/c' },
          { id: a, type: 'dataset', namespace: 'file://x', name: 'a' },
          { id: b, type: 'dataset', namespace: 'file://x', name: 'b' },
        ],
        edges: [
          { from: c, to: job },
          { from: job, to: d },
          { from: a, to: job },
          { from: job, to: c },
          { from: b, to: job },
        ],
        paths: [
          { input: c, job, output: d, depth: 1, ...told, ...first },
          { input: a, job, output: c, depth: 2, ...told, ...second },
          { input: b, job, output: c, depth: 2, ...told, ...second },
        ],
      },
    ])
  })

  test('goes the way and as far as is asked', async () => {
    const { nodes } = await chain()
    expect(await nodes('file://x/out/c&direction=upstream')).toEqual([a, b, c, job].sort())
    expect(await nodes('file://x/out/c&direction=downstream')).toEqual([c, d, job].sort())
    expect(await nodes('file://x/out/c')).toEqual([a, b, c, d, job].sort())
    expect(await nodes('file://x/a&depth=1')).toEqual([a, c, job].sort())
  })

  test('begins at all that a run has touched, where a run is given', async () => {
    const { get } = await chain()
    const { body } = await get('/pipelines/lineage?run=r2&direction=upstream&depth=1')
    expect(body).toMatchObject({ from: [{ name: 'out/c' }, { name: 'd' }] })
    expect((body.paths as object[]).length).toBe(3)
  })

  test.each([
    ['', 400, 'dataset: required, unless a run is given'],
    ['?dataset=n/a&run=r1', 400, 'dataset: not together with a run'],
    ['?dataset=a', 400, 'dataset: must be NAMESPACE/NAME'],
    ['?dataset=/a', 400, 'dataset: must be NAMESPACE/NAME'],
    ['?dataset=n/a&depth=51', 400, 'depth: must be a whole number from 1 to 50'],
    ['?dataset=n/a&direction=up', 400, 'direction: must be upstream, downstream or both'],
    ['?dataset=n/a&format=dot', 400, 'format: must be json or openlineage'],
    ['?run=nothing', 404, "run 'nothing' not found"],
    ['?dataset=n/a', 404, "dataset 'n/a' not found: no run that succeeded has read or written it"],
    ['?dataset=n/a&column=x', 404, "dataset 'n/a' not found: no run that succeeded has read or written it"],
    ['?dataset=n/a&influence=direct', 400, 'influence: only together with a column'],
    ['?dataset=n/a&column=x&influence=some', 400, 'influence: must be all or direct'],
    ['?dataset=n/a&column=', 400, 'column: must not be empty'],
    ['?run=r1&column=x', 400, 'column: only of a dataset, and without a run'],
  ])('asked for as %s is refused', async (query, status, detail) => {
    const { get } = await observedApi()
    expect(await get(`/pipelines/lineage${query}`)).toMatchObject({ status, body: { detail } })
  })
})

const dataset = {
  type: 'object',
  required: ['namespace', 'name'],
  properties: { namespace: { type: 'string' }, name: { type: 'string' } },
}
const uri = { type: 'string', format: 'uri' }
const runId = { type: 'object', required: ['runId'], properties: { runId: { type: 'string', format: 'uuid' } } }
/** What OpenLineage 2-0-2 asks of a RunEvent, and of the parent facet 1-2-0. */
const runEvent = {
  type: 'object',
  required: ['eventTime', 'producer', 'schemaURL', 'run', 'job'],
  properties: {
    eventType: { enum: ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] },
    eventTime: { type: 'string', format: 'date-time' },
    producer: uri,
    schemaURL: uri,
    run: {
      ...runId,
      properties: {
        ...runId.properties,
        facets: {
          additionalProperties: {
            required: ['_producer', '_schemaURL', 'run', 'job'],
            properties: { _producer: uri, _schemaURL: uri, run: runId, job: dataset },
          },
        },
      },
    },
    job: dataset,
    inputs: { type: 'array', items: dataset },
    outputs: { type: 'array', items: dataset },
  },
}
const ajv = new Ajv2020({ strict: false })
formats.default(ajv)
const isRunEvent = ajv.compile(runEvent)

describe('OpenLineage', () => {
  test('is a RunEvent for each stage of the lineage, of its newest run', async () => {
    const { get, ran } = await chain()
    await ran('newer', { hoursAgo: 1, inputs: ['file://x|out/c'], outputs: ['file://x|d'] })
    const { body } = await get(`${ask}file://x/d&direction=upstream&format=openlineage`)
    const events = body as unknown as Record<string, unknown>[]
    for (const event of events) expect([isRunEvent(event), isRunEvent.errors]).toEqual([true, null])
    const [x, load] = ['file://x', { namespace: 'ledgerline://acme', name: 'flights.load' }]
    expect(events).toMatchObject([
      {
        eventType: 'COMPLETE',
        eventTime: '2026-01-02T02:04:09.678Z',
        job: load,
        inputs: [{ namespace: x, name: 'out/c' }],
        outputs: [{ namespace: x, name: 'd' }],
      },
      { eventTime: '2026-01-01T22:04:09.678Z', inputs: [{ name: 'a' }, { name: 'b' }], outputs: [{ name: 'out/c' }] },
    ])
    const { runId: _, ...rest } = (events[0]?.run ?? {}) as { runId: string }
    expect(isRunEvent({ ...events[0], run: rest })).toBe(false)
  })

  test('of a run has an id for each stage that is always the same', async () => {
    const { get } = await chain()
    const told = async (run: string) =>
      (await get(`/pipelines/runs/${run}/lineage?format=openlineage`)).body as unknown as { run: { runId: string } }[]
    const [once, again, other] = [await told('r1'), await told('r1'), await told('r2')]
    expect(once).toEqual(again)
    expect(once[0]?.run.runId).not.toBe(other[0]?.run.runId)
    expect(await told('r3')).toEqual([])
  })
})

describe('the lineage of a run', () => {
  test('is what its stages have read and written', async () => {
    const { get } = await chain()
    expect((await get('/pipelines/runs/r2/lineage')).body).toEqual({
      run_id: 'r2',
      pipeline: 'flights',
      outcome: 'succeeded',
      published: true,
      stages: [
        {
          stage: 'load',
          at: '2026-01-01T23:04:09.678Z',
          inputs: [{ namespace: 'file://x', name: 'out/c' }],
          outputs: [{ namespace: 'file://x', name: 'd' }],
          columns: [],
        },
      ],
    })
    expect((await get('/pipelines/runs/r3/lineage')).body).toMatchObject({ published: false, stages: [] })
    expect(await get('/pipelines/runs/nothing/lineage')).toMatchObject({
      status: 404,
      body: { title: 'RUN_NOT_FOUND' },
    })
  })
})
