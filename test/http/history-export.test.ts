import { describe, expect, test } from 'vitest'
import { checkpoints } from '../../src/app/aggregates.ts'
import { formatsByName } from '../../src/http/native/history/formats.ts'
import { openApi } from '../support/api.ts'
import { contextOf } from '../support/contexts.ts'
import { identityOf } from '../support/identities.ts'
import * as c from '../support/run-commands.ts'

const tokens = {
  viewer: identityOf('viewer', { roles: ['viewer'] }),
  auditor: identityOf('auditor', { roles: ['auditor'] }),
}

const open = async () => {
  const api = await openApi({ tokens })
  await api.run('r1', c.startRun(1), c.failRun())
  await api.run('-r2', c.startRun(1))
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const response = await api.app.request(`/history/events${query}`, {
      headers: { host: 'localhost:8000', ...headers },
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return { ...api, ask }
}

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** RFC 4180, as a reader sees it. */
const cellsOf = (text: string): string[][] =>
  text
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, a, b]) => a?.replaceAll('""', '"') ?? b ?? ''),
    )

describe('an export', () => {
  test('in NDJSON has every event of the pages, and says at its end what it is', async () => {
    const { ask, get } = await open()
    const { status, headers, text } = await ask('?format=ndjson')
    const lines = linesOf(text)
    const listed = ((await get('/history/events?limit=1000')).body.events as object[]).map((event) => {
      const { position: _, ...rest } = event as { position: string }
      return { record: 'event', ...rest }
    })
    expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
    expect(lines.slice(0, -1)).toEqual(listed)
    expect(lines.at(-1)).toMatchObject({
      record: 'end',
      events: listed.length,
      more: false,
      checkpoint: null,
      statement: `${listed.length} events. These are all that fit. No checkpoint had been signed yet.`,
    })
    expect(headers.get('ledger-checkpoint')).toBe('none')
  })

  test('carries the newest checkpoint', async () => {
    const { ask, commands, pump } = await open()
    const signed = { log: 'commands' as const, size: 7, root: 'ab'.repeat(32), note: 'box/acme\n7\n' }
    const command = { type: 'SignCheckpoint' as const, ...signed, extends: null }
    await commands.handle(checkpoints, 'commands', command, contextOf())
    await pump.settled()
    const { headers, text } = await ask('?format=ndjson')
    const end = linesOf(text).at(-1)
    expect(end.checkpoint).toEqual({ ...signed, recorded_at: '2026-01-02T03:04:05.678Z' })
    expect(end.statement).toContain('The newest checkpoint was of 7 leaves, recorded at 2026-01-02T03:04:05.678Z.')
    expect(headers.get('ledger-checkpoint')).toBe(`commands 7 ${'ab'.repeat(32)}`)
  })

  test.each(['csv', 'ndjson', 'ocsf'])('in %s goes on where it was bounded', async (format) => {
    const { ask } = await open()
    const recordsOf = (text: string): unknown[] => (format === 'csv' ? cellsOf(text).slice(1) : linesOf(text))
    const endOf = (record: unknown) => {
      if (format === 'csv') return JSON.parse((record as string[]).at(-1) ?? '')
      return format === 'ocsf' ? (record as { unmapped: object }).unmapped : record
    }
    const whole = recordsOf((await ask(`?format=${format}`)).text).slice(0, -1)
    const parts: unknown[] = []
    let cursor = ''
    for (let more = true; more; ) {
      const records = recordsOf((await ask(`?format=${format}&limit=4${cursor}`)).text)
      const end = endOf(records.at(-1))
      parts.push(...records.slice(0, -1))
      expect(end.events).toBe(records.length - 1)
      expect(end.statement.includes('There are more: go on with cursor=')).toBe(end.more)
      more = end.more
      cursor = `&cursor=${end.next}`
    }
    expect(parts).toEqual(whole)
    expect(whole.length).toBeGreaterThan(8)
  })

  test('in CSV has one record a line, all of one length', async () => {
    const { ask } = await open()
    const { headers, text } = await ask('', { accept: 'text/csv' })
    const rows = cellsOf(text)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toBe('attachment; filename="events.csv"')
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([18]))
    expect(rows[0]?.slice(0, 4)).toEqual(['record', 'event_id', 'recorded_at', 'type'])
    expect([rows[1]?.[0], rows.at(-1)?.[0]]).toEqual(['event', 'end'])
  })

  test.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx'])('in CSV is no formula: %j', (text) => {
    const line = formatsByName.csv.end({
      exported_at: text,
      events: 0,
      more: false,
      next: '',
      as_of: '',
      checkpoint: null,
      statement: 'He said "no", twice',
    })
    const [, , at] = /^end,,("?)('[^,]*?)\1,/.exec(line.replaceAll('\r\n', '')) ?? []
    expect(at).toBe(`'${text}`)
    expect(line).toContain('""He said \\""no\\"", twice""')
  })

  test('in OCSF is of the class API Activity', async () => {
    const { ask } = await open()
    const lines = linesOf((await ask('?format=ocsf')).text)
    for (const line of lines) {
      expect(line).toMatchObject({ category_uid: 6, class_uid: 6003, severity_id: 1, metadata: { version: '1.3.0' } })
      expect(line.type_uid).toBe(600_300 + line.activity_id)
      expect(Number.isInteger(line.time)).toBe(true)
    }
    const failed = lines.find((line) => line.metadata.event_code === 'RunFailed')
    expect(failed).toMatchObject({ activity_id: 3, status_id: 2, resources: [{ type: 'run', uid: 'r1' }] })
    expect(lines.at(-1)).toMatchObject({
      activity_id: 2,
      api: { operation: 'ExportHistory' },
      unmapped: { more: false },
    })
  })

  test('403 for who may only read, however it is asked for', async () => {
    const { ask } = await open()
    const as = (role: string, query: string, accept = '*/*') =>
      ask(query, { authorization: `Bearer ${role}`, accept }).then(({ status }) => status)
    expect(await as('viewer', '')).toBe(200)
    expect(await as('viewer', '?format=csv')).toBe(403)
    expect(await as('viewer', '', 'text/csv')).toBe(403)
    expect(await as('auditor', '', 'text/csv, */*')).toBe(200)
  })

  test('is recorded before it is answered, with what let it through', async () => {
    const { ask, calls } = await open()
    await ask('?format=csv&text=Bob', { authorization: 'Bearer auditor' })
    expect(calls.at(-1)).toMatchObject({
      route: '/history/events',
      query: { format: 'csv', text: '[personal]' },
      outcome: 'ok',
      policy: 'export-history',
    })
  })
})
