import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGovernance, root } from './governance-stack.ts'

let governance: Awaited<ReturnType<typeof openGovernance>>

const delays = `
name: delays
version: 1.0.0
sources: { routes: { type: parquet, path: routes/2001-01-01.parquet } }
transformations:
  - name: by_origin
    type: sql
    sql: "select origin as airport, sum(delay * flights) / sum(flights) as delay from routes where flights > 1 group by all"
sinks: { delays: { type: csv, from: by_origin, path: "delays/{partition}.csv" } }
orchestration: { partition: { type: any } }
`

beforeAll(async () => {
  governance = await openGovernance({ dora: 'developer', otto: 'operator' }, async () => ({
    PIPELINES_DIR: join(root, 'pipelines'),
  }))
  const { ask, until } = governance
  expect(await ask('dora', '/pipelines/manifests', { manifest: delays })).toMatchObject({ status: 201 })
  for (const [pipeline, partition] of [
    ['flights-daily', '2001-01-01'],
    ['delays', 'first'],
  ]) {
    const { body } = await ask('otto', `/pipelines/${pipeline}/start`, { partition })
    await until('otto', `/pipelines/runs/${body.run_id}`, ({ status }) => status === 'succeeded')
  }
}, 120_000)

afterAll(async () => void (await governance.service.stop()))

interface Path {
  depth: number
  input: string
  job: string
  output: string
  transformations: { subtype: string }[]
}

const paths = async (query: string): Promise<string[]> => {
  const { status, body } = await governance.ask('otto', `/pipelines/lineage?${query}`)
  expect(status).toBe(200)
  const all = body.paths as Path[]
  return all.map(({ depth, input, job, output, transformations }) => {
    const [from, to] = [input, output].map((id) => id.replace(/^.*#/, ''))
    return `${depth} ${from} -${job.replace(/^.*\./, '')}-> ${to}: ${transformations.map((each) => each.subtype).join(' ')}`
  })
}

test('a column goes back through two pipelines to the columns of the flights that it comes from', async () => {
  const airport = 'dataset=file://default/delays/first.csv&column=airport&direction=upstream'
  expect(await paths(`${airport}&influence=direct`)).toEqual([
    '1 origin -load_delays-> airport: IDENTITY',
    '2 origin -load_routes-> origin: IDENTITY',
  ])
  expect(await paths(airport)).toContain('1 flights -load_delays-> airport: FILTER')
  expect(await paths(airport)).toContain('2 date -load_routes-> flights: FILTER')
})

test('a column of the flights goes on into what is made of it', async () => {
  const delay = 'dataset=file://default/flights-3m.parquet&column=DELAY&direction=downstream&influence=direct'
  expect(await paths(delay)).toEqual([
    '1 delay -load_routes-> delay: AGGREGATION',
    '2 delay -load_delays-> delay: AGGREGATION',
  ])
  const unused = 'dataset=file://default/flights-3m.parquet&column=distance'
  expect(await governance.ask('otto', `/pipelines/lineage?${unused}`)).toMatchObject({
    status: 404,
    body: { title: 'COLUMN_NOT_FOUND' },
  })
})
