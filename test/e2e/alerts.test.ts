import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SseReader } from '../support/sse.ts'
import { openGovernance } from './governance-stack.ts'

let governance: Awaited<ReturnType<typeof openGovernance>>

const people = {
  ada: 'tenant-admin',
  dora: 'developer',
  grace: 'governance',
  otto: 'operator',
  vera: 'viewer',
}

const giveOrders = (dataDir: string, amount: string) =>
  writeFile(join(dataDir, 'tenants/default/orders.csv'), `date,order_id,amount\n2025-10-04,1,${amount}\n`)

const manifest = `
name: orders-total
version: 1.0.0
sources: { orders: { type: csv, path: orders.csv } }
transformations: [{ name: total, type: sql, sql: "select sum(cast(amount as decimal(12, 2))) total from orders" }]
sinks: { total: { type: csv, from: total, path: "total/{partition}.csv" } }
orchestration: { partition: { type: any }, retries: 0 }
slo: { success_rate: 0.5 }`

beforeAll(async () => {
  governance = await openGovernance(people, async (dataDir) => {
    const rules = join(dataDir, 'approvals.yaml')
    await writeFile(rules, 'rules:\n  - { command: Replay, required: [{ role: governance, count: 1 }] }\n')
    await giveOrders(dataDir, 'ten')
    return { APPROVALS_FILE: rules }
  })
}, 90_000)

afterAll(async () => void (await governance.service.stop()))

interface Alert {
  alert_id: string
  state: string
  detail: string
}

const alertsOf = (body: Record<string, unknown>) => body.alerts as Alert[]

const ran = async (partition: string, wanted: string): Promise<string> => {
  const { body } = await governance.ask('otto', '/pipelines/orders-total/start', { partition })
  const runId = String(body.run_id)
  await governance.until('otto', `/pipelines/runs/${runId}`, ({ status }) => status === wanted)
  return runId
}

test('a fault in the data raises an alert within seconds, which is acknowledged, and over when the data are mended', async () => {
  const { ask, until, request, dataDir } = governance
  expect(await ask('dora', '/pipelines/manifests', { manifest })).toMatchObject({ status: 201 })
  const stream = new SseReader(await request('vera', '/events?entity=alert&pipeline=orders-total'))
  const failedRun = await ran('p1', 'failed')
  const failedAt = Date.now()
  const listed = await until('vera', '/pipelines/alerts?kind=slo', (body) => alertsOf(body).length > 0)
  expect(Date.now() - failedAt).toBeLessThan(5_000)
  const [alert] = alertsOf(listed)
  expect(alert).toMatchObject({
    kind: 'slo',
    state: 'firing',
    severity: 'breached',
    pipeline: 'orders-total',
    environment: 'dev',
    detail: '1 of 1 runs failed in 30 days; 0.5 may (0.5 have to succeed)',
    slo: { objective: 'success_rate', figures: { actual: 0, budget_left: -0.5, burn_rate: { last_hour: 2 } } },
  })
  const path = `/pipelines/alerts/${alert?.alert_id}`
  expect(await ask('vera', `${path}/acknowledge`, { reason: 'seen' })).toMatchObject({ status: 403 })
  const said = { reason: 'the shop sends words for numbers' }
  expect(await ask('otto', `${path}/acknowledge`, said)).toMatchObject({ status: 200, body: { state: 'acknowledged' } })

  await giveOrders(dataDir, '10.50')
  for (const partition of ['p2', 'p3', 'p4']) await ran(partition, 'succeeded')
  const over = await until('vera', path, ({ state }) => state === 'resolved')
  expect(over).toMatchObject({
    acknowledged: said,
    resolved: { detail: '1 of 4 runs failed in 30 days; 2 may (0.5 have to succeed)' },
  })
  const told = await stream.take(3)
  expect(told.map(({ event }) => event)).toEqual(['SloAlertRaised', 'AlertAcknowledged', 'SloAlertResolved'])
  const failure = (await ask('vera', `/history/runs/${failedRun}`)).body.events as { type: string; event_id: string }[]
  expect(told[0]?.data.causationid).toBe(failure.find(({ type }) => type === 'RunFailed')?.event_id)
  await stream.cancel()
}, 60_000)

test('who breaks the glass raises an alert that somebody else has to see to', async () => {
  const { ask, until } = governance
  const { body: runs } = await ask('otto', '/pipelines/runs?pipeline=orders-total&status=failed')
  const [failed] = runs.runs as { run_id: string }[]
  const replay = { run_id: failed?.run_id, partition: 'p1', reason: 'the data were mended' }
  const asked = await ask('otto', '/pipelines/replay', replay)
  const { approval_id: approvalId } = asked.body.approval as { approval_id: string }
  await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'pending')
  const overridden = { reason: 'the report is due at nine' }
  expect(await ask('ada', `/evidence/approvals/${approvalId}/override`, overridden)).toMatchObject({ status: 200 })
  const listed = await until('grace', '/pipelines/alerts?kind=break-glass', (body) => alertsOf(body).length > 0)
  const [alert] = alertsOf(listed)
  expect(alert).toMatchObject({
    state: 'firing',
    pipeline: 'orders-total',
    break_glass: { approval_id: approvalId, command: 'RequestRun', target: { kind: 'run' }, ...overridden },
  })
  const path = `/pipelines/alerts/${alert?.alert_id}/acknowledge`
  expect(await ask('ada', path, { reason: 'it was me' })).toMatchObject({
    status: 403,
    body: { title: 'SELF_APPROVAL', detail: 'who broke the glass cannot acknowledge its alert' },
  })
  expect(await ask('grace', path, { reason: 'talked to them' })).toMatchObject({ status: 200 })
  await until('otto', `/pipelines/runs/${String(asked.body.run_id)}`, ({ status }) => status === 'succeeded')
}, 60_000)
