import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { manifestOf } from '../support/manifests.ts'
import { observedApi } from '../support/observed-api.ts'
import { register } from '../support/requests.ts'

const ask = '/pipelines/lineage?dataset='

/** The pipeline `flights` makes days of a; `reports` makes a report of them, of which a third stage knows nothing. */
const chain = async () => {
  const api = await observedApi()
  await register(api.commands, manifestOf({ name: 'reports' }), 'h3')
  const [a, days, report, sent] = ['file://x|a', 'file://x|out/days', 'file://x|report', 'mail://y|sent']
  await api.ran('r1', {
    hoursAgo: 5,
    inputs: [a],
    outputs: [days],
    columns: {
      [days]: { day: [`${a}|date IDENTITY`], late: [`${a}|delay AGGREGATION`], rows: [`${a}|date GROUP_BY`] },
    },
  })
  const late = [`${days}|late TRANSFORMATION`, `${days}|day CONDITIONAL`]
  const columns = { [report]: { Late: late, guess: ['unknown'], rows: [] } }
  await api.ran('r2', { hoursAgo: 4, pipeline: 'reports', inputs: [days], outputs: [report], columns })
  await api.ran('r3', { hoursAgo: 3, pipeline: 'reports', inputs: [report], outputs: [sent] })
  const paths = async (query: string) => {
    const { body } = await api.get(ask + query)
    const all = body.paths as { input: string; output: string; depth: number; transformations: { subtype: string }[] }[]
    const shortly = (id: string) => id.replace(/^(column|dataset):.*\//, '')
    return all.map(({ input, output, depth, transformations }) =>
      [depth, shortly(input), transformations.map(({ subtype }) => subtype).join(' '), shortly(output)].join(' '),
    )
  }
  return { ...api, paths }
}

describe('the lineage of a column', () => {
  test('goes to its inputs through several pipelines, as far and with as much as is asked', async () => {
    const { paths } = await chain()
    const near = ['1 days#day CONDITIONAL report#Late', '1 days#late TRANSFORMATION report#Late']
    const far = [
      '2 a#date IDENTITY GROUP_BY days#day',
      '2 a#date GROUP_BY days#late',
      '2 a#delay AGGREGATION days#late',
    ]
    const up = 'file://x/report&column=late&direction=upstream'
    expect((await paths(up)).sort()).toEqual([...near, ...far].sort())
    expect((await paths(`${up}&depth=1`)).sort()).toEqual(near)
    expect(await paths(`${up}&influence=direct`)).toEqual([near[1], far[2]])
  })

  test('goes to its outputs, and to where nobody knows more', async () => {
    const { paths } = await chain()
    const down = [
      '1 a#date IDENTITY GROUP_BY days#day',
      '1 a#date GROUP_BY days#late',
      '2 days#day CONDITIONAL report#Late',
      '2 days  report#guess',
      '2 days#late TRANSFORMATION report#Late',
      '3 report#Late  sent',
    ]
    const found = await paths('file://x/a&column=DATE&direction=downstream')
    expect(found.sort()).toEqual(down.sort())
    expect(await paths('file://x/out/days&column=late&depth=1')).toEqual([
      '1 a#delay AGGREGATION days#late',
      '1 a#date GROUP_BY days#late',
      '1 days#late TRANSFORMATION report#Late',
      '1 days  report#guess',
    ])
  })

  test('has columns and jobs as nodes, and each path with its transformations', async () => {
    const { get } = await chain()
    const { status, body } = await get(`${ask}file://x/report&column=Late&direction=upstream&depth=1&influence=direct`)
    const [late, days] = ['column:file://x/report#Late', 'column:file://x/out/days#late']
    expect([status, body]).toEqual([
      200,
      {
        from: [{ namespace: 'file://x', name: 'report', column: 'Late' }],
        direction: 'upstream',
        influence: 'direct',
        depth: 1,
        truncated: false,
        nodes: [
          { id: late, type: 'column', namespace: 'file://x', name: 'report', column: 'Late' },
          { id: 'job:reports.load', type: 'job', pipeline: 'reports', stage: 'load' },
          { id: days, type: 'column', namespace: 'file://x', name: 'out/days', column: 'late' },
        ],
        edges: [
          { from: days, to: 'job:reports.load' },
          { from: 'job:reports.load', to: late },
        ],
        paths: [
          {
            input: days,
            job: 'job:reports.load',
            output: late,
            transformations: [{ type: 'DIRECT', subtype: 'TRANSFORMATION' }],
            known: true,
            direction: 'upstream',
            depth: 1,
            runs: 1,
            last_run_id: 'r2',
            last_at: '2026-01-01T23:04:17.678Z',
          },
        ],
      },
    ])
  })

  test('of a column that nobody has told of is not found', async () => {
    const { get } = await chain()
    const detail =
      "column 'x' of dataset 'file://x/a' not found: no run that succeeded has recorded that it read or wrote it"
    expect(await get(`${ask}file://x/a&column=x`)).toMatchObject({
      status: 404,
      body: { title: 'COLUMN_NOT_FOUND', detail },
    })
    expect(await get(`${ask}mail://y/sent&column=x`)).toMatchObject({ status: 404 })
  })
})

test('the lineage of a run says where the columns of its outputs come from', async () => {
  const { get } = await chain()
  const { body } = await get('/pipelines/runs/r2/lineage')
  const input = (column: string, type: string, subtype: string) => {
    return { namespace: 'file://x', name: 'out/days', column, transformations: [{ type, subtype }] }
  }
  const [late, guess] = [
    { name: 'Late', inputs: [input('late', 'DIRECT', 'TRANSFORMATION'), input('day', 'INDIRECT', 'CONDITIONAL')] },
    { name: 'guess', inputs: [], unknown: true },
  ]
  const output = { namespace: 'file://x', name: 'report' }
  expect(body.stages).toMatchObject([{ outputs: [output], columns: [{ output, columns: [late, guess], rows: [] }] }])
})

const text = { type: 'string' }
const inputField = {
  type: 'object',
  required: ['namespace', 'name', 'field'],
  properties: {
    namespace: text,
    name: text,
    field: text,
    transformations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type'],
        properties: { type: text, subtype: text, description: text, masking: { type: 'boolean' } },
      },
    },
  },
}
const uri = { type: 'string', format: 'uri' }
/** What OpenLineage's facet columnLineage 1-2-0 asks. */
const facet = {
  type: 'object',
  required: ['_producer', '_schemaURL', 'fields'],
  properties: {
    _producer: uri,
    _schemaURL: uri,
    fields: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['inputFields'],
        properties: { inputFields: { type: 'array', items: inputField } },
      },
    },
    dataset: { type: 'array', items: inputField },
  },
}
const ajv = new Ajv2020({ strict: false })
formats.default(ajv)
const isFacet = ajv.compile(facet)

describe('OpenLineage', () => {
  type Event = { job: { name: string }; outputs: { facets?: { columnLineage: Record<string, unknown> } }[] }

  test('has the facet columnLineage at each output whose columns are known, without those that are not', async () => {
    const { get } = await chain()
    const { body } = await get(`${ask}file://x/report&column=late&direction=upstream&format=openlineage`)
    const events = body as unknown as Event[]
    const facets = events.map(({ outputs }) => outputs[0]?.facets?.columnLineage)
    for (const each of facets) expect([isFacet(each), isFacet.errors]).toEqual([true, null])
    expect(events.map(({ job }) => job.name)).toEqual(['reports.load', 'flights.load'])
    const [input, dates] = [
      { namespace: 'file://x', name: 'out/days' },
      { namespace: 'file://x', name: 'a', field: 'date' },
    ]
    expect(facets[0]?.fields).toEqual({
      Late: {
        inputFields: [
          { ...input, field: 'late', transformations: [{ type: 'DIRECT', subtype: 'TRANSFORMATION' }] },
          { ...input, field: 'day', transformations: [{ type: 'INDIRECT', subtype: 'CONDITIONAL' }] },
        ],
      },
    })
    expect(facets[1]?.dataset).toEqual([{ ...dates, transformations: [{ type: 'INDIRECT', subtype: 'GROUP_BY' }] }])
    expect(isFacet({ ...facets[0], fields: { x: {} } })).toBe(false)
  })

  test('of datasets and of a run has it too, and none where nothing is known', async () => {
    const { get } = await chain()
    const told = async (path: string) => {
      const { body } = await get(path)
      return (body as unknown as Event[]).map(
        ({ outputs }) => Object.keys(outputs[0]?.facets?.columnLineage ?? {}).length,
      )
    }
    expect(await told(`${ask}mail://y/sent&format=openlineage`)).toEqual([0, 4, 4])
    expect(await told('/pipelines/runs/r1/lineage?format=openlineage')).toEqual([4])
  })
})
