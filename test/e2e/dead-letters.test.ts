import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGovernance, root } from './governance-stack.ts'

let governance: Awaited<ReturnType<typeof openGovernance>>

const people = { olga: 'operator', vera: 'viewer', audrey: 'auditor' }
const days = ['2025-10-04', '2025-10-05', '2025-10-06', '2025-10-07']

/** Every day has an order whose amount may be wrong, and one whose customer may be missing. */
const giveOrders = (dataDir: string, wrong: readonly string[], customer: string) => {
  const rows = days.flatMap((day, n) => [
    `${day},${n},${wrong.includes(day) ? 'n/a' : '10.50'},c1`,
    `${day},9${n},4.25,c2`,
  ])
  const anonymous = `2025-10-08,80,3.50,${customer}\n2025-10-08,81,1.25,c1`
  return writeFile(
    join(dataDir, 'tenants/default/orders.csv'),
    `date,order_id,amount,customer\n${rows.join('\n')}\n${anonymous}\n`,
  )
}

const customers = `
name: customers
version: 1.0.0
sources:
  orders: { type: csv, path: "orders.csv" }
transformations:
  - { name: day, type: sql, sql: "select order_id, customer from orders where cast(date as varchar) = $partition" }
sinks:
  out: { type: csv, from: day, path: "customers/{partition}.csv" }
quality_checks:
  - { name: customer_known, type: not_null, on: day, column: customer, on_failure: reject }
orchestration: { engine: local, partition: { type: daily, column: date }, retries: 0 }
`

beforeAll(async () => {
  governance = await openGovernance(people, async (dataDir) => {
    const pipelines = join(dataDir, 'manifests')
    await mkdir(pipelines)
    await copyFile(join(root, 'examples/governance/pipelines/revenue-kpi.yaml'), join(pipelines, 'revenue-kpi.yaml'))
    await writeFile(join(pipelines, 'customers.yaml'), customers)
    await giveOrders(dataDir, days, '')
    return { PIPELINES_DIR: pipelines }
  })
}, 90_000)

afterAll(async () => void (await governance.service.stop()))

interface Entry {
  entry_id: string
  status: string
  partition: string
}

const entriesOf = async (query: string, count: number): Promise<Entry[]> => {
  const body = await governance.until(
    'olga',
    `/pipelines/dlq?${query}`,
    ({ entries }) => (entries as []).length === count,
  )
  return body.entries as Entry[]
}
const statusOf = (id: string, wanted: string) =>
  governance.until('olga', `/pipelines/dlq/${id}`, ({ status }) => status === wanted)

test('runs that failed on their data are triaged: assigned, retried alone and together, discarded, each an event', async () => {
  const { ask, dataDir } = governance
  for (const day of days) {
    const started = await ask('olga', '/pipelines/revenue-kpi/start', { run_id: `kpi-${day}`, partition: day })
    expect(started.status).toBe(200)
  }
  const entries = await entriesOf('status=open&source=run', 4)
  const idOf = (day: string) => entries.find(({ partition }) => partition === day)?.entry_id ?? ''
  const [first, second, third, last] = days.map(idOf) as [string, string, string, string]
  expect((await ask('olga', `/pipelines/dlq/${first}`)).body).toMatchObject({
    ...{ code: 'STAGE_FAILED', stage: 'day', reason: expect.stringContaining('n/a'), run_id: 'kpi-2025-10-04' },
  })
  expect((await ask('vera', `/pipelines/dlq/${first}/retry`, {})).status).toBe(403)

  expect((await ask('olga', `/pipelines/dlq/${first}/assign`, { assignee: 'me' })).status).toBe(200)
  const failing = await ask('olga', `/pipelines/dlq/${first}/retry`, { reason: 'perhaps it was late' })
  expect(failing).toMatchObject({ status: 200, body: { status: 'retrying', approval: null } })
  await statusOf(first, 'open')
  await giveOrders(dataDir, [], '')
  const { body: retried } = await ask('olga', `/pipelines/dlq/${first}/retry`, { reason: 'the file was corrected' })
  expect(await statusOf(first, 'resolved')).toMatchObject({ resolved_by: retried.run_id, retries: 2 })

  for (const id of [second, third]) await ask('olga', `/pipelines/dlq/${id}/assign`, { assignee: 'operator' })
  const filter = { assignee: 'operator', pipeline: 'revenue-kpi' }
  const many = await ask('olga', '/pipelines/dlq/retry', { filter, reason: 'all were corrected' })
  expect(many.body).toMatchObject({ entries: [{ outcome: 'retried' }, { outcome: 'retried' }], remaining: 0 })
  await statusOf(second, 'resolved')
  await statusOf(third, 'resolved')

  expect((await ask('olga', `/pipelines/dlq/${last}/discard`, { reason: 'a holiday, no orders' })).status).toBe(200)
  expect(await statusOf(last, 'discarded')).toMatchObject({ discard_reason: 'a holiday, no orders' })
  expect((await ask('olga', `/pipelines/dlq/${last}/retry`, {})).body.title).toBe('DEAD_LETTER_ENDED')
  expect((await ask('olga', '/pipelines/dlq')).body.totals).toEqual({ open: 0, retrying: 0, resolved: 3, discarded: 1 })

  const types = 'DeadLetterRecorded,DeadLetterAssigned,DeadLetterRetried,DeadLetterReopened,DeadLetterResolved'
  const path = `/history/events?type=${types},DeadLetterDiscarded,DeadLettersChosen&limit=100`
  const told = (await ask('audrey', path)).body.events as { type: string }[]
  const count = (type: string) => told.filter((event) => event.type === type).length
  expect(Object.fromEntries([...new Set(told.map(({ type }) => type))].map((type) => [type, count(type)]))).toEqual({
    DeadLetterRecorded: 4,
    DeadLetterAssigned: 3,
    DeadLetterRetried: 4,
    DeadLetterReopened: 1,
    DeadLetterResolved: 3,
    DeadLetterDiscarded: 1,
    DeadLettersChosen: 1,
  })
})

test('rows that a check turned away are looked at, corrected and resolved by a retry', async () => {
  const { ask, dataDir } = governance
  await ask('olga', '/pipelines/customers/start', { run_id: 'cust-1', partition: '2025-10-08' })
  const [entry] = await entriesOf('source=rows', 1)
  const id = entry?.entry_id ?? ''
  expect(entry).toMatchObject({ code: 'customer_known', count: 1, status: 'open', run_id: 'cust-1' })
  const { body } = await ask('olga', `/pipelines/dlq/${id}/payload`)
  expect(body).toMatchObject({ rows: [{ order_id: 80, customer: null }], left_out: 0, next_offset: null })
  expect((await ask('vera', `/pipelines/dlq/${id}/payload`)).status).toBe(403)
  await ask('olga', `/pipelines/dlq/${id}/retry`, {})
  await governance.until('olga', `/pipelines/dlq/${id}`, ({ status, retries }) => status === 'open' && retries === 1)
  await giveOrders(dataDir, [], 'c3')
  const { body: retried } = await ask('olga', `/pipelines/dlq/${id}/retry`, {})
  expect(await statusOf(id, 'resolved')).toMatchObject({ resolved_by: retried.run_id, retries: 2 })
})
