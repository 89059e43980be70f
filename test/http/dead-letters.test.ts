import { describe, expect, test } from 'vitest'
import { as, deadLettersApi, tokens, type Who } from '../support/dead-letters-api.ts'
import { tenant } from '../support/ids.ts'
import { nobody } from './asking.ts'

const everywhere = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 1 }] }]

describe('the queue', () => {
  test('lists what came to nothing, newest first, with how many there are of each status', async () => {
    const { fails, rejects, list } = await deadLettersApi()
    await fails('a')
    await rejects('b', 'known')
    const { entries, totals, next } = await list()
    expect(entries.map(({ source, run_id, status }) => [source, run_id, status])).toEqual([
      ['rows', 'b', 'open'],
      ['run', 'a', 'open'],
    ])
    expect(entries[0]).toMatchObject({
      ...{ code: 'known', reason: 'known does not hold', count: 3, stage: 'extract', pipeline: 'flights' },
      payload: { kind: 'file', path: 'rejected/flights/b/known.ndjson', table: 'extract' },
    })
    expect([totals, next]).toEqual([{ open: 2, retrying: 0, resolved: 0, discarded: 0 }, null])
  })

  test('is read a page at a time, though entries join it meanwhile', async () => {
    const { fails, list } = await deadLettersApi()
    await fails('a', 'b', 'c')
    const first = await list('?limit=2')
    await fails('d')
    const second = await list(`?limit=2&cursor=${first.next}`)
    const runs = [...first.entries, ...second.entries].map(({ run_id }) => run_id)
    expect([runs, second.next]).toEqual([['c', 'b', 'a'], null])
  })

  test.each([
    ['status=open', ['c', 'b']],
    ['status=discarded', ['a']],
    ['source=rows', ['c']],
    ['source=run&pipeline=flights&environment=dev', ['b', 'a']],
    ['pipeline=weather', []],
    ['environment=prod', []],
    ['partition=B-b', ['b']],
    ['code=known', ['c']],
    ['text=IS%20NO%20numb', ['b', 'a']],
    ['assignee=me', ['b']],
    ['assignee=operator', []],
    ['run=run_a', ['a']],
    ['from=2000-01-01&to=2100-01-01', ['c', 'b', 'a']],
    ['to=2000-01-01', []],
  ])('is filtered by %s', async (query, runs) => {
    const { fails, rejects, list, entryOf, decide } = await deadLettersApi()
    await fails('a', 'b')
    await rejects('c', 'known')
    await decide(`/${(await entryOf('a')).entry_id}/discard`, { reason: 'known' })
    await decide(`/${(await entryOf('b')).entry_id}/assign`, { assignee: 'me' })
    expect((await list(`?${query}`)).entries.map(({ run_id }) => run_id)).toEqual(runs)
  })

  test.each([
    ['status=gone', 'status: must be one of open, retrying, resolved, discarded'],
    ['assignee=anna@example.com', 'assignee: must be me, a pseudonym or one of '],
    ['from=yesterday', 'from: must be a date or an ISO 8601 time'],
    ['cursor=x', 'cursor is none that was given out here'],
    ['limit=0', 'limit: must be a whole number from 1 to 500'],
    ['colour=red', 'colour: unknown field'],
  ])('refuses %s', async (query, detail) => {
    const { ask } = await deadLettersApi()
    const { status, body } = await ask(`?${query}`)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(detail)])
  })

  test('is for who may read it, and messages for who may see webhooks; of rows a viewer sees no data', async () => {
    const { fails, rejects, undelivered, list, ask, entryOf } = await deadLettersApi()
    await fails('a')
    await rejects('b', 'known')
    await undelivered()
    const sources = async (who: Who) => (await list('', who)).entries.map(({ source }) => source)
    expect(await sources('vera')).toEqual(['rows', 'run'])
    expect(await sources('devi')).toEqual(['delivery', 'rows', 'run'])
    expect(await sources('there')).toEqual([])
    const [{ entry_id: message } = { entry_id: '' }] = (await list('?source=delivery')).entries
    expect([await ask(`/${message}`, 'vera'), await ask(`/${message}`)].map(({ status }) => status)).toEqual([404, 200])
    const rows = `/${(await entryOf('b')).entry_id}/payload`
    expect([await ask(rows, 'vera'), await ask(rows, 'devi')].map(({ status }) => status)).toEqual([403, 200])
  })
})

describe('an entry', () => {
  test('tells all that was decided of it: who, when and why', async () => {
    const { fails, decide, ask, entryOf } = await deadLettersApi()
    await fails('a')
    const { entry_id: id } = await entryOf('a')
    await decide(`/${id}/assign`, { assignee: 'operator', reason: 'their source' })
    await decide(`/${id}/discard`, { reason: 'a test run' }, 'grace')
    const { body } = await ask(`/${id}`)
    expect(body).toMatchObject({
      ...{ entry_id: id, status: 'discarded', assignee: 'operator', discard_reason: 'a test run', retries: 0 },
      decisions: [
        { decision: 'recorded', actor: 'system', reason: null, detail: null },
        { decision: 'assigned', actor: expect.stringMatching(/^p-/), reason: 'their source', detail: 'operator' },
        { decision: 'discarded', actor: expect.stringMatching(/^p-/), reason: 'a test run', detail: null },
      ],
    })
  })

  test.each(['', '/payload'])("that is not there, or another tenant's, is not found at %s", async (path) => {
    const { fails, ask, entryOf } = await deadLettersApi()
    await fails('a')
    const { entry_id: id } = await entryOf('a')
    for (const answer of [
      await ask(`/${nobody}${path}`),
      await ask(`/x${path}`),
      await ask(`/${id}${path}`, 'there'),
    ]) {
      expect([answer.status, answer.body.title]).toEqual([404, 'DEAD_LETTER_NOT_FOUND'])
    }
  })

  test('shows what it is of: rows, a part at a time, or where the run or the message is', async () => {
    const { fails, rejects, undelivered, list, ask, entryOf } = await deadLettersApi()
    await fails('a')
    await rejects('b', 'known')
    await rejects('gone', 'known')
    await undelivered()
    const payload = async (id: unknown, query = '') => (await ask(`/${id}/payload${query}`)).body
    expect(await payload((await entryOf('a')).entry_id)).toMatchObject({ href: '/pipelines/runs/a', rows: null })
    const [message] = (await list('?source=delivery')).entries
    const { href } = await payload(message?.entry_id)
    expect(href).toMatch(/^\/api\/pipeline\/webhooks\/[0-9a-f-]{36}\/deliveries$/)
    const path = 'rejected/flights/b/known.ndjson'
    expect(await payload((await entryOf('b')).entry_id, '?offset=5&limit=2')).toMatchObject({
      ...{ href: null, count: 3, left_out: 1, next_offset: 7, payload: { kind: 'file', path } },
      rows: [{ of: tenant, path, offset: 5, limit: 2 }],
    })
    const { status, body } = await ask(`/${(await entryOf('gone')).entry_id}/payload`)
    expect([status, body.title]).toEqual([404, 'PAYLOAD_NOT_FOUND'])
  })
})

describe('assigning', () => {
  test('is to oneself, to another by their pseudonym, to a role, and to nobody again', async () => {
    const { fails, decide, entryOf, get, keys } = await deadLettersApi()
    await fails('a')
    await get('/pipelines/runs', as('grace'))
    const grace = await keys.pseudonymOf({ issuer: tokens.grace.issuer, subject: `${tenant}/grace` })
    const { entry_id: id } = await entryOf('a')
    for (const assignee of ['me', grace, 'developer', null]) {
      const { status, body } = await decide(`/${id}/assign`, { assignee })
      const shown = assignee === 'me' ? expect.stringMatching(/^p-/) : assignee
      expect([status, body]).toEqual([200, { entry_id: id, status: 'open', assignee: shown }])
    }
  })

  test.each([
    ['anna', 400, 'assignee: must be me, a pseudonym or one of '],
    ['anna@example.com', 400, 'assignee: must be me, a pseudonym or one of '],
    [`p-${'q'.repeat(26)}`, 404, 'assignee: nobody here is '],
    [undefined, 400, 'assignee: required'],
  ])('refuses %s', async (assignee, wanted, detail) => {
    const { fails, decide, entryOf, eventsOf } = await deadLettersApi()
    await fails('a')
    const { entry_id: id } = await entryOf('a')
    const { status, body } = await decide(`/${id}/assign`, { assignee })
    expect([status, body.detail, eventsOf(id).length]).toEqual([wanted, expect.stringContaining(detail), 1])
  })
})

test.each(['/retry', '/discard', '/assign'])(
  'who may not decide is refused at %s, and finds nothing in another tenant',
  async (word) => {
    const { fails, decide, entryOf, eventsOf } = await deadLettersApi({ approvalRules: everywhere })
    await fails('a')
    const { entry_id: id } = await entryOf('a')
    const body = { '/retry': {}, '/discard': { reason: 'no' }, '/assign': { assignee: 'me' } }[word] ?? {}
    for (const who of ['vera', 'devi'] as const) expect((await decide(`/${id}${word}`, body, who)).status).toBe(403)
    expect((await decide(`/${id}${word}`, body, 'there')).status).toBe(404)
    expect(eventsOf(id)).toHaveLength(1)
  },
)
