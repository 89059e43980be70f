import { describe, expect, test } from 'vitest'
import { loadPolicies } from '../../src/auth/policy.ts'
import type { RunRequested } from '../../src/domain/run/events.ts'
import { runOf, tenant } from '../support/ids.ts'
import { as, everywhere, fails, opened } from '../support/replays-api.ts'
import { request } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'

describe('a replay', () => {
  test('is of the same manifest, partition and parameters, and queued where nobody has to approve', async () => {
    const { replay, ledger, typesOf, requestOf } = await opened()
    const { status, body } = await replay({ reason: 'the source was late' })
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ replay_of: 'failed', status: 'queued', approval: null, partition: 'B-failed' }),
    ])
    expect(typesOf(body.run_id)).toEqual(['RunRequested', 'RunQueued'])
    const repeated = ({ runId, requestedAt, claim, replayOf, ...same }: RunRequested) => same
    expect(repeated(requestOf(body.run_id))).toEqual(repeated(requestOf('failed')))
    expect(requestOf(body.run_id).replayOf).toEqual({ runId: 'failed', contract: null })
    const { metadata } = ledger.stream(`run-${tenant}.${body.run_id}`)[0] ?? {}
    expect(metadata).toMatchObject({ reason: 'the source was late', policy: { id: 'command-replay' } })
  })

  test('of a run with a contract names its version', async () => {
    const { replay } = await opened()
    const promised = { run_id: 'run_promised', partition: 'B-promised', contract_version: 'v2', replay_run_id: 'run_x' }
    expect((await replay(promised)).body).toMatchObject({ run_id: 'x', contract_version: 'v2', pipeline: 'weather' })
  })

  test('waits where somebody has to approve it, and says for whom and until when', async () => {
    const { replay, typesOf } = await opened({ approvalRules: everywhere })
    const { body } = await replay()
    expect(body).toMatchObject({
      status: 'awaiting_approval',
      approval: { required: [{ role: 'governance', count: 1 }], expires_at: '2026-01-02T04:04:05.678Z' },
    })
    expect(typesOf(body.run_id)).toEqual(['RunRequested'])
  })

  test('of a run that succeeded is done where that is said', async () => {
    const { replay } = await opened()
    const good = { run_id: 'good', partition: 'B-good' }
    expect((await replay({ ...good, allow_succeeded: true })).body).toMatchObject({ status: 'queued' })
  })

  test.each([[], everywhere])(
    'that is only tried out is answered alike and changes nothing',
    async (...approvalRules) => {
      const { replay, ledger } = await opened({ approvalRules })
      const written = () => ledger.all.filter(({ type }) => !/^(CheckpointSigned|SubjectRegistered)$/.test(type)).length
      const before = written()
      const foreseen = await replay({ dry_run: true, replay_run_id: 'x' })
      expect([foreseen.status, written()]).toEqual([200, before])
      const { body } = await replay({ replay_run_id: 'x' })
      const approval = body.approval && { ...body.approval, approval_id: null }
      expect(foreseen.body).toEqual({ ...body, run_id: null, approval, dry_run: true })
    },
  )
})

interface Refused {
  of: string
  body: object
  status: number
  title: string
  detail: string
}

const promised = { run_id: 'promised', partition: 'B-promised' }
const invalid = { status: 400, title: 'VALIDATION_FAILED' }
const refusals: Refused[] = [
  { of: 'a run that never was', body: { run_id: 'nobody' }, status: 404, title: 'RUN_NOT_FOUND', detail: "'nobody'" },
  { of: 'another partition', body: { partition: 'B-2' }, ...invalid, detail: 'partition: ' },
  { of: 'no partition', body: { partition: null }, ...invalid, detail: 'was for B-failed, not none' },
  { of: 'a contract that it has not', body: { contract_version: 'v2' }, ...invalid, detail: 'in no contract, not v2' },
  {
    of: 'another contract',
    body: { ...promised, contract_version: 'v1' },
    ...invalid,
    detail: "'promises' has no version v2",
  },
  { of: 'no contract', body: promised, ...invalid, detail: 'contract_version: run ' },
  {
    of: 'a run that is at work',
    body: { run_id: 'active', partition: 'B-active' },
    status: 409,
    title: 'RUN_ACTIVE',
    detail: 'running',
  },
  {
    of: 'a run that succeeded',
    body: { run_id: 'good', partition: 'B-good' },
    status: 409,
    title: 'NOT_REPLAYABLE',
    detail: 'allow_succeeded',
  },
  { of: 'a run that was rejected', body: { run_id: 'no' }, status: 409, title: 'NOT_REPLAYABLE', detail: 'never ran' },
  { of: 'a run as itself', body: { replay_run_id: 'failed' }, status: 409, title: 'RUN_EXISTS', detail: "'failed'" },
  { of: 'no run', body: { run_id: undefined }, ...invalid, detail: 'run_id: required' },
  { of: 'half a try', body: { dry_run: 'yes' }, ...invalid, detail: 'dry_run: ' },
  { of: 'more than it knows', body: { force: true }, ...invalid, detail: 'force: unknown field' },
  { of: 'a reason that names somebody', body: { reason: 'ask a@b.example' }, ...invalid, detail: 'reason: ' },
]

describe('a replay is refused', () => {
  test.each(refusals)('of $of, with $status and the reason, and nothing is asked for', async (row) => {
    const { replay, say, ledger, requestOf } = await opened({ approvalRules: everywhere })
    await replay({ replay_run_id: 'no' })
    const { approvalId = '' } = requestOf('no').approval ?? {}
    await say('no', { type: 'RefuseRun', runId: runOf('no'), approvalId, reason: 'no' })
    const asked = () => ledger.all.filter(({ type }) => type === 'RunRequested').length
    const before = asked()
    const { status, body } = await replay(row.body)
    expect([status, body.title, asked()]).toEqual([row.status, row.title, before])
    expect(body.detail).toContain(row.detail)
  })

  test('of a run whose evidence does not hold', async () => {
    const { replay, services, ledger } = await opened()
    const asked: unknown[] = []
    services.evidence.doubt = async (...question) => {
      asked.push(question)
      return 'leaf 3: it differs'
    }
    const before = ledger.all.length
    expect((await replay({ dry_run: true })).status).toBe(409)
    const { body } = await replay()
    expect(body).toMatchObject({ status: 409, title: 'NOT_REPLAYABLE', runId: 'failed' })
    expect(body.detail).toBe("the evidence of run 'failed' does not hold: leaf 3: it differs")
    expect(asked.at(-1)).toEqual([tenant, { kind: 'run', id: 'failed', streams: [`run-${tenant}.failed`] }])
    expect(ledger.all.slice(before).map(({ type }) => type)).toEqual(['SubjectRegistered'])
  })

  test('where a policy lets nobody do it, and for whom none does', async () => {
    const policies = loadPolicies('policies')
    const decide: typeof policies.decide = (question) =>
      question.resource.environment === 'prod' && question.action === 'ReplayRun'
        ? { allowed: false, policy: { id: 'freeze', version: '1' } }
        : policies.decide(question)
    const { replay, commands, say, calls } = await opened({ services: { policies: { decide } } })
    await request(commands, 'inprod', {
      partition: null,
      environment: 'prod',
      pinned: { manifestHash: 'h1', overrides: [] },
    })
    await say('inprod', ...fails)
    const { status, body } = await replay({ run_id: 'inprod', partition: null })
    expect([status, body.title, body.detail]).toEqual([
      403,
      'FORBIDDEN',
      'no policy lets you do this in prod (ReplayRun)',
    ])
    expect(calls.at(-1)).toMatchObject({ outcome: 'denied', policy: 'freeze' })
    expect((await replay({}, as('devi'))).status).toBe(403)
    expect((await replay()).status).toBe(200)
  })

  test('of the run of another tenant as of one that never was', async () => {
    const { replay } = await opened()
    const { status, body } = await replay({}, as('there'))
    expect([status, body.title, body.detail]).toEqual([404, 'RUN_NOT_FOUND', "run 'failed' not found"])
  })
})

describe('an Idempotency-Key', () => {
  test('gives the same answer again, though the replay has gone on, and asks for nothing', async () => {
    const { replay, ledger, say } = await opened()
    const first = await replay({}, as('olga', '"k"'))
    await say(String(first.body.run_id), c.startRun(1))
    const before = ledger.all.length
    const again = await replay({}, as('olga', '"k"'))
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(again.headers.get('ledger-position')).not.toBeNull()
    expect(ledger.all).toHaveLength(before)
  })

  test.each([{ allow_succeeded: true }, { dry_run: true }, { reason: 'another' }, { run_id: 'good' }])(
    'is for one body: %o is refused',
    async (other) => {
      const { replay } = await opened()
      expect((await replay({}, as('olga', '"k"'))).status).toBe(200)
      const { status, body } = await replay(other, as('olga', '"k"'))
      expect([status, body.title]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    },
  )
})
