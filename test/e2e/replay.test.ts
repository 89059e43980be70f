import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pause, type Service, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'dist/src/cli.js')

let service: Service
let dataDir: string
const tokens: Record<string, string> = {}

const tokenFor = async (sub: string, roles: string): Promise<string> => {
  const args = [cli, 'token', '--sub', sub, '--tenant', 'default', '--roles', roles]
  return (await run(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })).stdout.trim()
}

const orders = (amount: string) =>
  ['date,order_id,amount', '2025-10-03,1,10.50', `2025-10-04,2,${amount}`, '2025-10-04,3,4.25', ''].join('\n')

const giveOrders = (amount: string) => writeFile(join(dataDir, 'tenants/default/orders.csv'), orders(amount))

beforeAll(async () => {
  dataDir = await temporaryDir('replay')
  await mkdir(join(dataDir, 'tenants/default'), { recursive: true })
  const rules = join(dataDir, 'approvals.yaml')
  await writeFile(rules, 'rules:\n  - { command: Replay, required: [{ role: governance, count: 1 }] }\n')
  await giveOrders('not a number')
  const env = { DATA_DIR: dataDir, AUTH: 'required', APPROVALS_FILE: rules, LOG_LEVEL: 'warn' }
  service = await startService({ ...env, PIPELINES_DIR: join(root, 'test/e2e/governance-pipelines') })
  tokens.admin = await tokenFor('ada', 'tenant-admin')
  tokens.governance = await tokenFor('grace', 'governance')
  tokens.operator = await tokenFor('otto', 'operator')
})

afterAll(async () => {
  await service.stop()
})

const ask = async (who: string, path: string, body?: object) => {
  const response = await fetch(service.url + path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${tokens[who]}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const runThat = async (runId: string, ...statuses: string[]) => {
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await ask('governance', `/pipelines/runs/${runId}`)
    if (statuses.includes(String(body.status))) return body
    await pause(50)
  }
  throw new Error(`run ${runId} never became ${statuses.join(' or ')}`)
}

const replayed = { run_id: 'rev_kpi_20251004_01', contract_version: 'v3.2', partition: '2025-10-04' }

test("the document's example: a failed partition is replayed, approved, executed, reconciled and proved", async () => {
  const triggered = { batch_id: '2025-10-04', run_id: replayed.run_id }
  expect(await ask('admin', '/api/pipeline/trigger/revenue-kpi', triggered)).toMatchObject({ status: 200 })
  const failed = await runThat(replayed.run_id, 'failed')
  expect(failed.error).toContain('not a number')
  await giveOrders('99.75')

  const answer = await ask('admin', '/pipelines/replay', { ...replayed, reason: 'the amounts were corrected' })
  expect(answer).toMatchObject({
    status: 200,
    body: { replay_of: replayed.run_id, contract_version: 'v3.2', status: 'awaiting_approval', dry_run: false },
  })
  const runId = String(answer.body.run_id)
  const { approval_id: approvalId } = answer.body.approval as { approval_id: string }
  await approvalThat(approvalId, 'pending')

  expect(await ask('admin', `/evidence/approvals/${approvalId}/approve`, { reason: 'mine' })).toMatchObject({
    status: 403,
    body: { title: 'SELF_APPROVAL' },
  })
  expect(await ask('operator', `/evidence/approvals/${approvalId}/approve`, { reason: 'fine' })).toMatchObject({
    status: 403,
    body: { title: 'FORBIDDEN' },
  })
  expect((await ask('governance', `/pipelines/runs/${runId}`)).body.status).toBe('awaiting_approval')

  const approved = await ask('governance', `/evidence/approvals/${approvalId}/approve`, { reason: 'checked the file' })
  expect(approved).toMatchObject({ status: 200, body: { status: 'granted', missing: [] } })
  const done = await runThat(runId, 'succeeded')
  expect(await readFile(join(dataDir, 'tenants/default/kpi/2025-10-04.csv'), 'utf8')).toContain('104.00')
  expect(done).toMatchObject({ replay_of: replayed.run_id, approval_id: approvalId })
  const { reconciliation } = await reconciled(runId)
  expect(reconciliation).toMatchObject({
    replay_of: replayed.run_id,
    is_same: false,
    files: [{ target: 'kpi/2025-10-04.csv', sha256_before: null }],
  })
  expect(await approvalThat(approvalId, 'consumed')).toMatchObject({ decisions: [{ word: 'granted' }] })

  const bundle = await verified(`/evidence/runs/${runId}`)
  const streams = bundle.claim.streams.map((stream) => stream.replace('-default', ''))
  expect(streams).toEqual([`approval.${approvalId}`, `run.${runId}`, `run.${replayed.run_id}`].sort())
  const types = bundle.leaves.map(({ envelope }) => envelope.type)
  for (const type of ['ApprovalRequested', 'ApprovalGranted', 'ApprovalConsumed', 'RunFailed', 'RunSucceeded']) {
    expect(types).toContain(type)
  }
  expect(types.filter((type) => type === 'RunRequested')).toHaveLength(2)
})

interface Bundle {
  claim: { streams: string[] }
  leaves: { envelope: { type: string } }[]
}

/** Fetched, and verified by the file that auditors get. */
const verified = async (path: string): Promise<Bundle> => {
  const headers = { authorization: `Bearer ${tokens.governance}` }
  const bytes = Buffer.from(await (await fetch(service.url + path, { headers })).arrayBuffer())
  const key = (await (await fetch(`${service.url}/ledger/default/key`, { headers })).text()).trim()
  const file = join(dataDir, 'bundle.json')
  await writeFile(file, bytes)
  const { stdout } = await run(process.execPath, [join(root, 'dist/verify.mjs'), file, '--key', key])
  expect(stdout).toContain('VERIFIED')
  return JSON.parse(bytes.toString()) as Bundle
}

const approvalThat = async (approvalId: string, status: string) => {
  for (let tries = 0; tries < 200; tries += 1) {
    const { body } = await ask('governance', `/evidence/approvals/${approvalId}`)
    if (body.status === status) return body
    await pause(25)
  }
  throw new Error(`approval ${approvalId} never became ${status}`)
}

const reconciled = async (runId: string) => {
  for (let tries = 0; tries < 200; tries += 1) {
    const { body } = await ask('governance', `/pipelines/runs/${runId}`)
    if (body.reconciliation !== null) return body
    await pause(25)
  }
  throw new Error(`run ${runId} was never reconciled`)
}
