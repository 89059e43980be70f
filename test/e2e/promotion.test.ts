import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGovernance, root } from './governance-stack.ts'

type Governance = Awaited<ReturnType<typeof openGovernance>>
let governance: Governance

const people = { dora: 'developer', otto: 'operator', grace: 'governance', vera: 'viewer' }

beforeAll(async () => {
  governance = await openGovernance(people, async (dataDir) => {
    await writeFile(join(dataDir, 'tenants/default/orders.csv'), 'date,order_id,amount\n2025-10-04,1,10.50\n')
    return {}
  })
}, 90_000)

afterAll(async () => void (await governance.service.stop()))

const manifest = (version: string, more = '') => `
name: orders-copy
version: ${version}
sources: { orders: { type: csv, path: orders.csv } }
transformations: [{ name: copy, type: sql, sql: "select * from orders" }]
sinks: { copy: { type: csv, from: copy, path: "copy/{partition}.csv" } }
orchestration: { partition: { type: any } }
${more}`

const path = '/pipelines/manifests/orders-copy'

const startedIn = async (environment: string, who = 'otto') => {
  const { status, body } = await governance.ask(who, '/pipelines/orders-copy/start', {
    environment,
    partition: environment,
  })
  expect([status, body]).toEqual([200, expect.objectContaining({ environment })])
  const runId = String(body.run_id)
  await governance.until(who, `/pipelines/runs/${runId}`, ({ status }) => status === 'succeeded')
  return { runId, ...body }
}

test('a version goes from dev to staging to prod, each time only after it has succeeded, and into prod only approved', async () => {
  const { ask, until } = governance
  expect(await ask('vera', '/pipelines/manifests', { manifest: manifest('1.0.0') })).toMatchObject({ status: 403 })
  const dry = await ask('dora', '/pipelines/manifests?dry_run=true', { manifest: manifest('1.0.0') })
  expect(dry).toMatchObject({ status: 200, body: { number: 1, dry_run: true } })
  expect(await ask('dora', path)).toMatchObject({ status: 404 })
  const created = await ask('dora', '/pipelines/manifests', { manifest: manifest('1.0.0') })
  expect(created).toMatchObject({ status: 201, body: { number: 1, changed: true, dry_run: false } })
  expect(created.headers.get('etag')).toBe('"1"')
  expect(await ask('dora', '/pipelines/manifests', { manifest: manifest('1.0.0') })).toMatchObject({
    status: 409,
    body: { title: 'PIPELINE_EXISTS' },
  })

  expect(await ask('otto', `${path}/promote`, { to: 'staging' })).toMatchObject({
    status: 409,
    body: { title: 'NOT_PROMOTABLE', detail: "no run of 'orders-copy' has succeeded with version no. 1 in dev" },
  })
  const { runId } = await startedIn('dev', 'dora')
  expect(await ask('otto', '/pipelines/orders-copy/start', { environment: 'staging', partition: 'p' })).toMatchObject({
    status: 404,
  })
  const promoted = await ask('otto', `${path}/promote`, { to: 'staging' })
  expect(promoted).toMatchObject({ status: 200, body: { status: 'promoted', run_id: runId, from: 'dev', number: 1 } })
  expect(await ask('otto', `${path}/promote`, { to: 'staging' })).toMatchObject({ body: { status: 'unchanged' } })
  expect(await ask('otto', `${path}/promote`, { to: 'prod' })).toMatchObject({ status: 409 })

  // A newer version in dev does not touch staging.
  const second = manifest('2.0.0')
  const stale = await ask('dora', path, { manifest: second }, 'PUT', { 'if-match': '"7"' })
  expect(stale).toMatchObject({ status: 412, body: { title: 'PRECONDITION_FAILED' } })
  const updated = await ask('dora', path, { manifest: second }, 'PUT', { 'if-match': '"1"' })
  expect(updated).toMatchObject({ status: 200, body: { number: 2, changed: true } })
  const inStaging = await startedIn('staging')
  expect(inStaging).toMatchObject({ manifest_version: '1.0.0' })

  const asked = await ask('otto', `${path}/promote`, { to: 'prod', reason: 'ready' })
  expect(asked).toMatchObject({ status: 200, body: { status: 'awaiting_approval', number: 1 } })
  const { approval_id: approvalId } = asked.body.approval as { approval_id: string }
  await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'pending')
  expect(await ask('dora', `${path}/promote`, { to: 'prod' })).toMatchObject({ status: 403 })
  expect(await ask('otto', '/pipelines/orders-copy/start', { environment: 'prod', partition: 'p' })).toMatchObject({
    status: 404,
  })
  await ask('grace', `/evidence/approvals/${approvalId}/approve`, { reason: 'looked at it' })
  const inProd = (body: Record<string, unknown>) => JSON.stringify(body.environments).includes('"prod","number":1')
  await until('otto', path, inProd)
  expect(await startedIn('prod')).toMatchObject({ manifest_version: '1.0.0', overrides: [] })
})

test('an override changes what runs in one environment, and never the manifest', async () => {
  const { ask } = governance
  const before = await ask('otto', path)
  const wrong = await ask('otto', `${path}/overrides/prod`, { patch: { orchestration: { retries: 'many' } } }, 'PUT')
  expect(wrong).toMatchObject({ status: 400, body: { field: 'patch.orchestration.retries' } })
  expect(await ask('dora', `${path}/overrides/prod`, { patch: { title: 'x' } }, 'PUT')).toMatchObject({ status: 403 })
  const patch = { sinks: { copy: { path: 'prod-copy/{partition}.csv' } } }
  const put = await ask('otto', `${path}/overrides/prod`, { patch }, 'PUT')
  expect(put).toMatchObject({ status: 200, body: { number: 1, scope: 'prod', patch } })

  const inProd = await ask('otto', `${path}?environment=prod`)
  expect(inProd.body.base).toMatchObject({ sinks: { copy: { path: 'copy/{partition}.csv' } } })
  expect(inProd.body.effective).toMatchObject({ sinks: { copy: { path: 'prod-copy/{partition}.csv', from: 'copy' } } })
  expect((await ask('otto', path)).body.effective).toEqual(before.body.effective)
  expect(await startedIn('prod')).toMatchObject({ overrides: [1] })
  const { runId } = await startedIn('dev')
  expect((await ask('grace', `/evidence/runs/${runId}`)).status).toBe(200)
  expect(await ask('otto', `${path}/overrides/prod`, undefined, 'DELETE')).toMatchObject({ body: { patch: null } })
})

test('versions, what differs between them, and how it came to be are told; a deleted pipeline runs no more', async () => {
  const { ask } = governance
  const { versions } = (await ask('vera', `${path}/versions`)).body as { versions: { version: string }[] }
  expect(versions.map(({ version }) => version)).toEqual(['1.0.0', '2.0.0'])
  expect((await ask('vera', `${path}/diff?from=1&to=2`)).body.changes).toEqual([
    { path: '/version', op: 'replace', before: '1.0.0', after: '2.0.0' },
  ])
  expect(await ask('vera', `${path}/diff?from=1&to=9`)).toMatchObject({ status: 400, body: { field: 'to' } })
  const deletion = `${path}?reason=no+longer+needed`
  expect(await ask('dora', deletion, undefined, 'DELETE')).toMatchObject({ status: 403 })
  expect(await ask('otto', deletion, undefined, 'DELETE')).toMatchObject({ status: 403 })
  const { events } = (await ask('vera', `${path}/lineage`)).body as { events: { type: string }[] }
  expect(events.map(({ type }) => type)).toEqual([
    'PipelineCreated',
    'PipelinePromoted',
    'ManifestVersioned',
    'PromotionRequested',
    'PipelinePromoted',
    'OverrideApplied',
    'OverrideRemoved',
  ])
})

test('a bundle of the period proves that these are all promotions that there were', async () => {
  const { request, dataDir, until } = governance
  const asked = '/evidence/period?from=2020-01-01&to=2100-01-01&type=PipelinePromoted,PromotionRequested'
  // Sealed within a second.
  await until(
    'grace',
    '/ledger/default/checkpoints',
    ({ checkpoints }) => Array.isArray(checkpoints) && checkpoints.length > 0,
  )
  const bytes = Buffer.from(await (await request('grace', asked)).arrayBuffer())
  const key = (await (await request('grace', '/ledger/default/key')).text()).trim()
  const file = join(dataDir, 'promotions.json')
  await writeFile(file, bytes)
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'dist/verify.mjs'), file, '--key', key])
  expect([status, String(stdout)]).toEqual([0, expect.stringContaining('VERIFIED')])
  const { leaves } = JSON.parse(bytes.toString()) as {
    leaves: { event?: { data: Promoted }; envelope: { type: string } }[]
  }
  const promoted = leaves.filter(({ envelope }) => envelope.type === 'PipelinePromoted')
  expect(promoted.map(({ event }) => [event?.data.to, event?.data.number])).toEqual([
    ['staging', 1],
    ['prod', 1],
  ])
  expect(leaves.length).toBeGreaterThan(20)
})

interface Promoted {
  to: string
  number: number
}
