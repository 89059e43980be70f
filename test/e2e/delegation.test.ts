import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pause, type Service, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const delegations = '/evidence/approvals/delegations'
const roles = { ada: 'tenant-admin', otto: 'operator', grace: 'governance', dan: 'developer' }
type Who = keyof typeof roles

let service: Service
let dataDir: string
const tokens: Partial<Record<Who, string>> = {}

beforeAll(async () => {
  dataDir = await temporaryDir('delegation')
  await mkdir(join(dataDir, 'tenants/default'), { recursive: true })
  await writeFile(join(dataDir, 'tenants/default/orders.csv'), 'date,order_id,amount\n2025-10-04,1,nothing\n')
  const rules = join(dataDir, 'approvals.yaml')
  await writeFile(rules, 'rules:\n  - { command: Replay, required: [{ role: governance, count: 1 }] }\n')
  const env = { DATA_DIR: dataDir, AUTH: 'required', APPROVALS_FILE: rules, LOG_LEVEL: 'warn' }
  service = await startService({ ...env, PIPELINES_DIR: join(root, 'examples/governance/pipelines') })
  for (const [who, role] of Object.entries(roles)) {
    const args = [join(root, 'dist/src/cli.js'), 'token', '--sub', who, '--tenant', 'default', '--roles', role]
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })
    tokens[who as Who] = stdout.trim()
  }
})

afterAll(async () => {
  await service.stop()
})

const ask = async (who: Who, path: string, body?: object, method = body ? 'POST' : 'GET') => {
  const response = await fetch(service.url + path, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** Asks until the answer is as it should be. */
const until = async (who: Who, path: string, fits: (body: Record<string, unknown>) => boolean) => {
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await ask(who, path)
    if (fits(body)) return body
    await pause(50)
  }
  throw new Error(`${path} never answered as it should`)
}

test('a delegate approves until the delegation is taken back, and the evidence of the run has it', async () => {
  const failed = { run_id: 'kpi-1', partition: '2025-10-04', contract_version: 'v3.2' }
  await ask('ada', '/api/pipeline/trigger/revenue-kpi', { batch_id: failed.partition, run_id: failed.run_id })
  await until('otto', `/pipelines/runs/${failed.run_id}`, ({ status }) => status === 'failed')
  const asked = await ask('otto', '/pipelines/replay', failed)
  const { approval_id: approvalId } = asked.body.approval as { approval_id: string }
  await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'pending')

  const dan = (await ask('dan', delegations)).body.you
  const grace = (await ask('grace', delegations)).body.you
  const approve = { reason: 'the file was checked', on_behalf_of: grace }
  const refused = await ask('dan', `/evidence/approvals/${approvalId}/approve`, approve)
  expect([refused.status, refused.body.title]).toEqual([403, 'FORBIDDEN'])
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const given = await ask('grace', delegations, { to: dan, until: tomorrow, reason: 'on leave' })
  expect([given.status, given.body.roles]).toEqual([201, ['governance']])
  expect((await ask('dan', `/evidence/approvals?mine=true&on_behalf_of=${grace}`)).body).toMatchObject({
    approvals: [{ approval_id: approvalId }],
  })
  const approved = await ask('dan', `/evidence/approvals/${approvalId}/approve`, approve)
  expect([approved.status, approved.body.status]).toEqual([200, 'granted'])
  await until('otto', `/pipelines/runs/${asked.body.run_id}`, ({ status }) => status === 'failed')
  await ask('grace', `${delegations}/${given.body.delegation_id}`, undefined, 'DELETE')
  const revoked = await until('dan', delegations, (body) => JSON.stringify(body).includes('"status":"revoked"'))
  expect(revoked.delegations).toHaveLength(1)

  const { body } = await ask('grace', `/evidence/runs/${asked.body.run_id}`)
  const { streams } = body.claim as { streams: string[] }
  expect(streams).toContain(`delegation-default.${grace}`)
  const file = join(dataDir, 'bundle.json')
  await writeFile(file, JSON.stringify(body))
  const key = await fetch(`${service.url}/ledger/default/key`, { headers: { authorization: `Bearer ${tokens.grace}` } })
  const args = [join(root, 'dist/verify.mjs'), file, '--key', (await key.text()).trim()]
  expect((await run(process.execPath, args)).stdout).toContain('VERIFIED')
  const types = (body.leaves as { envelope: { type: string } }[]).map(({ envelope }) => envelope.type)
  expect(types).toEqual(expect.arrayContaining(['DelegationGranted', 'DelegationRevoked', 'ApprovalGranted']))
})
