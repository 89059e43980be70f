import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGovernance, root } from './governance-stack.ts'

const run = promisify(execFile)
let governance: Awaited<ReturnType<typeof openGovernance>>

const people = { ada: 'tenant-admin', grace: 'governance', otto: 'operator' }

const orders = (amount: string) =>
  ['date,order_id,amount', '2025-10-03,1,10.50', `2025-10-04,2,${amount}`, '2025-10-04,3,4.25', ''].join('\n')

const giveOrders = (dataDir: string, amount: string) =>
  writeFile(join(dataDir, 'tenants/default/orders.csv'), orders(amount))

beforeAll(async () => {
  governance = await openGovernance(people, async (dataDir) => {
    const rules = join(dataDir, 'approvals.yaml')
    await writeFile(rules, 'rules:\n  - { command: Replay, required: [{ role: governance, count: 1 }] }\n')
    await giveOrders(dataDir, 'not a number')
    return { APPROVALS_FILE: rules }
  })
}, 90_000)

afterAll(async () => void (await governance.service.stop()))

const replayed = { run_id: 'rev_kpi_20251004_01', contract_version: 'v3.2', partition: '2025-10-04' }

test("the document's example: a failed partition is replayed, approved, executed, reconciled and proved", async () => {
  const { ask, until, dataDir } = governance
  const triggered = { batch_id: '2025-10-04', run_id: replayed.run_id }
  expect(await ask('ada', '/api/pipeline/trigger/revenue-kpi', triggered)).toMatchObject({ status: 200 })
  const failed = await until('grace', `/pipelines/runs/${replayed.run_id}`, ({ status }) => status === 'failed')
  expect(failed.error).toContain('not a number')
  await giveOrders(dataDir, '99.75')

  const answer = await ask('ada', '/pipelines/replay', { ...replayed, reason: 'the amounts were corrected' })
  expect(answer).toMatchObject({
    status: 200,
    body: { replay_of: replayed.run_id, contract_version: 'v3.2', status: 'awaiting_approval', dry_run: false },
  })
  const runId = String(answer.body.run_id)
  const { approval_id: approvalId } = answer.body.approval as { approval_id: string }
  await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'pending')

  expect(await ask('ada', `/evidence/approvals/${approvalId}/approve`, { reason: 'mine' })).toMatchObject({
    status: 403,
    body: { title: 'SELF_APPROVAL' },
  })
  expect(await ask('otto', `/evidence/approvals/${approvalId}/approve`, { reason: 'fine' })).toMatchObject({
    status: 403,
    body: { title: 'FORBIDDEN' },
  })
  expect((await ask('grace', `/pipelines/runs/${runId}`)).body.status).toBe('awaiting_approval')

  const approved = await ask('grace', `/evidence/approvals/${approvalId}/approve`, { reason: 'checked the file' })
  expect(approved).toMatchObject({ status: 200, body: { status: 'granted', missing: [] } })
  const done = await until('grace', `/pipelines/runs/${runId}`, ({ status }) => status === 'succeeded')
  expect(await readFile(join(dataDir, 'tenants/default/kpi/2025-10-04.csv'), 'utf8')).toContain('104.00')
  expect(done).toMatchObject({ replay_of: replayed.run_id, approval_id: approvalId })
  const { reconciliation } = await until(
    'grace',
    `/pipelines/runs/${runId}`,
    ({ reconciliation }) => reconciliation !== null,
  )
  expect(reconciliation).toMatchObject({
    replay_of: replayed.run_id,
    is_same: false,
    files: [{ target: 'kpi/2025-10-04.csv', sha256_before: null }],
  })
  const consumed = await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'consumed')
  expect(consumed).toMatchObject({ decisions: [{ word: 'granted' }] })

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
  const { dataDir, request } = governance
  const bytes = Buffer.from(await (await request('grace', path)).arrayBuffer())
  const key = (await (await request('grace', '/ledger/default/key')).text()).trim()
  const file = join(dataDir, 'bundle.json')
  await writeFile(file, bytes)
  const { stdout } = await run(process.execPath, [join(root, 'dist/verify.mjs'), file, '--key', key])
  expect(stdout).toContain('VERIFIED')
  return JSON.parse(bytes.toString()) as Bundle
}
