import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { openGovernance, root } from './governance-stack.ts'
import { Service, startNode, temporaryDir } from './service.ts'

const people = { otto: 'operator', grace: 'governance' }
const asked = { pipeline: 'flights-daily', from: '2001-01-01', to: '2001-07-01', max_concurrency: 4 }
const dayCount = 182

interface Progress {
  waiting: number
  queued: number
  running: number
  succeeded: number
}

const progressOf = (body: Record<string, unknown>) => body.progress as Progress

/** An API without a worker of its own, and two workers beside it. */
const openStack = async () => {
  const dir = await temporaryDir('backfill')
  const nats = await NatsServer.start()
  const node = await startNode(join(dir, 'ledger'))
  const shared = {
    EVENTSTORE_URL: node.url,
    NATS_URL: nats.url,
    TENANTS_DIR: join(dir, 'tenants'),
    PIPELINES_DIR: join(root, 'pipelines'),
    RUN_LEASE_MS: '2000',
  }
  const governance = await openGovernance(people, async () => ({ ...shared, WORKER: 'none' }))
  const startWorker = async (name: string): Promise<Service> => {
    const worker = new Service(['worker', '--concurrency', '2'], { ...shared, DATA_DIR: join(dir, name) })
    onTestFinished(async () => void (await worker.stop()))
    await worker.says(/^ledgerline worker ready$/m)
    return worker
  }
  onTestFinished(async () => {
    await governance.service.stop()
    await node.stop()
  })
  const outputs = async () =>
    (await readdir(join(dir, 'tenants/default/routes'))).filter((name) => name.endsWith('.parquet'))
  return { ...governance, startWorker, outputs }
}

describe.skipIf(noNatsServer)(named('a backfill of 182 real days'), () => {
  test('is previewed, approved, paused, resumed, outlives a worker, makes each output once; a second has nothing to do', async () => {
    const { ask, until, startWorker, outputs } = await openStack()
    const first = await startWorker('one')
    await startWorker('two')
    const preview = await ask('otto', '/pipelines/backfills', { ...asked, dry_run: true })
    expect(preview).toMatchObject({
      status: 200,
      body: { backfill_id: null, status: 'awaiting_approval', skipped: [] },
    })
    expect(preview.body.partitions).toHaveLength(dayCount)

    const requested = await ask('otto', '/pipelines/backfills', asked)
    const path = `/pipelines/backfills/${requested.body.backfill_id}`
    const { approval_id: approvalId } = requested.body.approval as { approval_id: string }
    await until('grace', `/evidence/approvals/${approvalId}`, ({ status }) => status === 'pending')
    expect((await ask('otto', path)).body).toMatchObject({
      status: 'awaiting_approval',
      progress: { waiting: dayCount },
    })
    await ask('grace', `/evidence/approvals/${approvalId}/approve`, { reason: 'the history is wanted' })

    const atOnce: number[] = []
    const some = (count: number) => (body: Record<string, unknown>) => {
      const { queued, running, succeeded } = progressOf(body)
      atOnce.push(queued + running)
      return succeeded >= count
    }
    const begun = await until('otto', path, some(5))
    expect(progressOf(begun).waiting).toBeGreaterThan(0)
    expect(await ask('otto', `${path}/pause`, {})).toMatchObject({ status: 200, body: { status: 'paused' } })
    const still = await until('otto', path, (body) => progressOf(body).queued + progressOf(body).running === 0)
    expect(progressOf(still).waiting).toBeGreaterThan(0)
    expect(await ask('otto', `${path}/resume`, {})).toMatchObject({ status: 200, body: { status: 'running' } })
    await until('otto', path, some(60))
    await first.killGroup()
    await startWorker('three')

    const done = await until('otto', path, (body) => some(0)(body) && body.status === 'completed')
    expect(progressOf(done)).toMatchObject({ waiting: 0, queued: 0, running: 0, succeeded: dayCount })
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(asked.max_concurrency)
    const partitions = done.partitions as { run_id: string }[]
    expect(new Set(partitions.map(({ run_id }) => run_id)).size).toBe(dayCount)
    expect(await outputs()).toHaveLength(dayCount)

    const again = await ask('otto', '/pipelines/backfills', { ...asked, dry_run: true })
    expect(again.body).toMatchObject({ partitions: [], estimate: { seconds: 0 } })
    expect(again.body.skipped).toHaveLength(dayCount)
    const second = await ask('otto', '/pipelines/backfills', asked)
    const { approval_id: secondApproval } = second.body.approval as { approval_id: string }
    await until('grace', `/evidence/approvals/${secondApproval}`, ({ status }) => status === 'pending')
    await ask('grace', `/evidence/approvals/${secondApproval}/approve`, { reason: 'once more' })
    const nothing = await until(
      'otto',
      `/pipelines/backfills/${second.body.backfill_id}`,
      ({ status }) => status === 'completed',
    )
    expect(nothing).toMatchObject({ total: 0, skipped: dayCount })
  }, 300_000)
})
