import { describe, expect, test } from 'vitest'
import { deadLettersApi } from '../support/dead-letters-api.ts'

const everywhere = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 1 }] }]

interface Many {
  entries: { entry_id: string; outcome: string; run_id: string | null; code: string | null; reason: string | null }[]
  remaining: number
  dry_run: boolean
}

/** Failed runs `a` and `b`, and a run `c` of which two checks turned rows away. */
const opened = async (options: Parameters<typeof deadLettersApi>[0] = {}) => {
  const api = await deadLettersApi(options)
  await api.fails('a', 'b')
  await api.rejects('c', 'known', 'fresh')
  const many = async (word: 'retry' | 'discard', body: object, who: 'olga' | 'grace' = 'olga', key?: string) => {
    const answer = await api.decide(`/${word}`, body, who, key)
    return { ...answer, body: answer.body as unknown as Many & Record<string, unknown> }
  }
  const statuses = async () => (await api.list()).entries.map(({ run_id, status }) => `${run_id} ${status}`).sort()
  const written = () => api.ledger.all.filter(({ type }) => !/^(CheckpointSigned|SubjectRegistered)$/.test(type)).length
  return { ...api, many, statuses, written }
}

describe('trying many again', () => {
  test('is for all that are open; rows of one run are one run', async () => {
    const { many, statuses, requestOf, ledger } = await opened()
    const { status, body } = await many('retry', { all: true, reason: 'mended' })
    expect([status, body.remaining, body.dry_run]).toEqual([200, 0, false])
    expect(body.entries.map(({ outcome }) => outcome)).toEqual(['retried', 'retried', 'retried', 'retried'])
    expect(body.entries.map(({ run_id }) => requestOf(run_id).replayOf?.runId)).toEqual(['a', 'b', 'c', 'c'])
    expect(new Set(body.entries.map(({ run_id }) => run_id)).size).toBe(3)
    expect(await statuses()).toEqual(['a retrying', 'b retrying', 'c retrying', 'c retrying'])
    const decided = ledger.all.filter(({ type }) => type === 'DeadLetterRetried')
    expect(decided.map(({ metadata }) => metadata.reason)).toEqual(['mended', 'mended', 'mended', 'mended'])
    expect(ledger.all.find(({ type }) => type === 'DeadLettersChosen')?.event?.data).toMatchObject({
      decision: 'retry',
      entryIds: body.entries.map(({ entry_id }) => entry_id),
    })
  })

  test('is for what a filter lets through, and leaves the others', async () => {
    const { many, statuses } = await opened()
    expect((await many('retry', { filter: { source: 'run', run: 'run_b' } })).body.entries).toHaveLength(1)
    expect(await statuses()).toEqual(['a open', 'b retrying', 'c open', 'c open'])
  })

  test('says of each what became of it', async () => {
    const { many, post } = await opened({ approvalRules: everywhere })
    await post('/api/pipeline/trigger/flights', { batch_id: 'B-a', run_id: 'other' })
    const { body } = await many('retry', { filter: { source: 'run' } })
    expect(body.entries).toMatchObject([
      { outcome: 'refused', code: 'RUN_ACTIVE', run_id: null, reason: expect.stringContaining('active run') },
      { outcome: 'awaiting_approval', code: null, approval_id: expect.any(String) },
    ])
  })

  test('that is only tried out says what would be, and changes nothing', async () => {
    const { many, written } = await opened({ approvalRules: everywhere })
    const before = written()
    const { body } = await many('retry', { all: true, dry_run: true })
    expect(body.entries.map(({ outcome, run_id }) => [outcome, run_id])).toEqual(
      Array(4).fill(['awaiting_approval', null]),
    )
    expect([body.dry_run, written()]).toEqual([true, before])
    const refused = await many('retry', { all: true, dry_run: true }, 'grace')
    expect(refused.body.entries.map(({ code }) => code)).toEqual(Array(4).fill('FORBIDDEN'))
  })
})

describe('discarding many', () => {
  test('is for a reason, which is with each', async () => {
    const { many, statuses, ledger } = await opened()
    expect((await many('discard', { filter: { code: 'STAGE_FAILED' } })).body.detail).toBe('reason: required')
    const { body } = await many('discard', { filter: { code: 'STAGE_FAILED' }, reason: 'a drill' }, 'grace')
    expect(body.entries.map(({ outcome }) => outcome)).toEqual(['discarded', 'discarded'])
    expect(await statuses()).toEqual(['a discarded', 'b discarded', 'c open', 'c open'])
    const said = ledger.all.filter(({ type }) => type === 'DeadLetterDiscarded')
    expect(said.map(({ metadata }) => metadata.reason)).toEqual(['a drill', 'a drill'])
  })

  test('that is only tried out changes nothing', async () => {
    const { many, written } = await opened()
    const before = written()
    const { body } = await many('discard', { all: true, reason: 'a drill', dry_run: true })
    expect([body.entries.map(({ outcome }) => outcome), written()]).toEqual([Array(4).fill('discarded'), before])
  })
})

describe('a request about many that comes twice under one key', () => {
  test('is about the same ones, and is answered alike', async () => {
    const { many, failsAgain, written, fails } = await opened()
    const first = await many('retry', { filter: { source: 'run' } }, 'olga', '"k"')
    await failsAgain(String(first.body.entries[0]?.run_id))
    await fails('d')
    const before = written()
    const again = await many('retry', { filter: { source: 'run' } }, 'olga', '"k"')
    expect([again.body, written()]).toEqual([first.body, before])
    expect((await many('retry', { all: true }, 'olga', '"k"')).body.title).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('does what was left of it, when it broke off', async () => {
    const { many, commands, statuses } = await opened()
    const { handle } = commands
    let discarded = 0
    commands.handle = (async (...args: Parameters<typeof handle>) => {
      const [, , command] = args as unknown as [unknown, unknown, { type: string }]
      if (command.type === 'DiscardDeadLetter' && ++discarded === 3) throw new Error('the process died')
      return Reflect.apply(handle, commands, args)
    }) as typeof handle
    const body = { all: true, reason: 'a drill' }
    expect((await many('discard', body, 'olga', '"k"')).status).toBe(500)
    commands.handle = handle
    const again = await many('discard', body, 'olga', '"k"')
    expect(again.body.entries.map(({ outcome }) => outcome)).toEqual(Array(4).fill('discarded'))
    expect((await statuses()).filter((each) => each.endsWith('discarded'))).toHaveLength(4)
  })
})

test.each([
  [{}, 'filter: either filter or all'],
  [{ all: true, filter: { source: 'run' } }, 'filter: either filter or all'],
  [{ all: false }, 'all: must be true'],
  [{ filter: {} }, 'filter: must name something; say all to mean all'],
  [{ filter: { status: 'open' } }, 'filter.status: unknown field'],
  [{ filter: { source: 'file' } }, 'filter.source: must be one of run, rows, delivery'],
  [{ filter: { from: 'then' } }, 'filter.from: must be a date or an ISO 8601 time'],
])('a request about many is refused: %j', async (body, detail) => {
  const { many, written } = await opened()
  const before = written()
  const answer = await many('retry', body)
  expect([answer.status, answer.body.detail, written()]).toEqual([400, detail, before])
})
