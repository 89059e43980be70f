import { describe, expect, test } from 'vitest'
import type { Role } from '../../src/auth/principal.ts'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import type { JsonValue } from '../../src/domain/json.ts'
import { openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'

const as = (token: string) => ({ authorization: `Bearer ${token}` })
const person = (name: string, ...roles: Role[]) => identityOf(name, { roles })
const tokens = {
  vera: person('vera', 'viewer'),
  greta: person('greta', 'governance'),
  audrey: person('audrey', 'auditor'),
  olga: person('olga', 'operator', 'developer', 'viewer', 'service'),
  adam: person('adam', 'tenant-admin'),
  veraThere: identityOf('vera', { tenants: [otherTenant] }),
  adamThere: identityOf('adam', { tenants: [otherTenant] }),
}
type Who = keyof typeof tokens
const asked = { reason: 'asked for it', ticket: 'GDPR-7' }
const stranger = `p-${'q'.repeat(26)}`

/** Vera has called; `vera` is her pseudonym here. */
const opened = async () => {
  const api = await openApi({ tokens, open: false })
  const pseudonymOf = async (who: Who): Promise<string> => {
    const { issuer, subject, tenants } = tokens[who]
    await api.get('/api/pipeline/runs', as(who))
    await api.pump.settled()
    return api.keys.pseudonymOf({ issuer, subject: `${tenants[0]}/${subject}` })
  }
  const vera = await pseudonymOf('vera')
  const at = (path: string, pseudonym = vera) => `/ledger/subjects/${pseudonym}${path}`
  const erase = (who: Who, body: unknown = asked, pseudonym = vera) => api.post(at('/erase', pseudonym), body, as(who))
  const look = (who: Who, path = '') => api.get(at(path), as(who))
  const hold = (who: Who, body: unknown = { reason: 'a dispute' }) => api.post(at('/holds'), body, as(who))
  const release = (who: Who, id: unknown) => api.call('DELETE', at(`/holds/${id}`), { headers: as(who) })
  return { ...api, vera, pseudonymOf, at, erase, look, hold, release }
}

describe('an erasure', () => {
  test('destroys the key and certifies it in canonical JSON, the same again when it is asked for again', async () => {
    const { app, vera, erase, look, at, keys, ledger, pseudonymOf, services } = await opened()
    const adam = await pseudonymOf('adam')
    const { status, body } = await erase('adam')
    expect([status, await keys.keyOf(vera)]).toEqual([200, null])
    const stream = ledger.stream(`subject-${tenant}.${vera}`)
    const event = stream.at(-1)
    expect(event).toMatchObject({ type: 'SubjectErased', event: { data: { pseudonym: vera, ...asked } } })
    expect(body).toEqual({
      tenant,
      pseudonym: vera,
      erased_at: '2026-01-02T03:04:05.678Z',
      erased_by: adam,
      ...asked,
      event_id: event?.id,
      stream: event?.stream,
      revision: 1,
      position: expect.any(String),
      meaning: expect.stringContaining('was destroyed'),
    })
    expect(services.reads.open(String(body.position))).toBe(event?.position)
    expect((await erase('adam', { reason: 'once more' })).body).toEqual(body)
    expect(ledger.stream(`subject-${tenant}.${vera}`)).toHaveLength(stream.length)
    const text = await (await app.request(at('/erasure'), { headers: as('audrey') })).text()
    expect(text).toBe(canonicalJson(body as JsonValue))
    expect((await look('greta')).body).toMatchObject({ state: 'erased', erased_at: body.erased_at, holds: [] })
  })

  test('is the tenant-admin’s alone, also of oneself', async () => {
    const { erase, keys, vera } = await opened()
    for (const who of ['vera', 'greta', 'audrey', 'olga'] as const) expect((await erase(who)).status).toBe(403)
    expect(await keys.keyOf(vera)).not.toBeNull()
  })

  test('of oneself is for a tenant-admin, who is somebody else afterwards', async () => {
    const { erase, pseudonymOf } = await opened()
    const before = await pseudonymOf('adam')
    const { status, body } = await erase('adam', asked, before)
    expect([status, body.erased_by]).toEqual([200, before])
    expect(await pseudonymOf('adam')).not.toBe(before)
  })

  test('is recorded among the calls: who erased whom', async () => {
    const { erase, pump, get, vera, pseudonymOf } = await opened()
    await erase('adam')
    await pump.settled()
    const { body } = await get('/history/access', as('audrey'))
    expect(body.calls).toMatchObject([
      { operation: 'EraseSubject', actor: await pseudonymOf('adam'), resource: { pseudonym: vera }, erased: false },
    ])
  })

  test('404 for who is not known, is no pseudonym, or was not erased', async () => {
    const { erase, look, post, get, at } = await opened()
    for (const unknown of [stranger, 'dev', 'p-', '..%2F..']) {
      expect((await erase('adam', asked, unknown)).body.title).toBe('SUBJECT_NOT_FOUND')
      expect((await post(at('/holds', unknown), { reason: 'x' }, as('adam'))).status).toBe(404)
      expect((await get(at('', unknown), as('adam'))).status).toBe(404)
      expect((await get(at('/erasure', unknown), as('adam'))).status).toBe(404)
    }
    expect((await look('adam', '/erasure')).body).toMatchObject({ status: 404, title: 'ERASURE_NOT_FOUND' })
  })

  test.each([
    ['reason', {}],
    ['reason', { reason: ' ' }],
    ['reason', { reason: 'x'.repeat(201) }],
    ['reason', { reason: 'two\nlines' }],
    ['reason', { reason: 'vera@example.com asked' }],
    ['ticket', { reason: 'x', ticket: 'a b' }],
    ['ticket', { reason: 'x', ticket: 'x'.repeat(65) }],
    ['name', { reason: 'x', name: 'Vera' }],
  ])('400 that names %s for %j', async (field, body) => {
    const { erase, keys, vera } = await opened()
    expect((await erase('adam', body)).body).toMatchObject({ status: 400, field })
    expect(await keys.keyOf(vera)).not.toBeNull()
  })

  test('503 when the key store fails, with the event kept; asked again it is done', async () => {
    const { erase, look, keys, vera, services } = await opened()
    const { erase: destroy } = services.subjectKeys
    services.subjectKeys.erase = () => Promise.reject(new Error('EIO'))
    const { status, headers, body } = await erase('adam')
    expect([status, headers.get('retry-after'), body.title]).toEqual([503, '1', 'UNAVAILABLE'])
    expect((await look('audrey', '/erasure')).status).toBe(503)
    services.subjectKeys.erase = destroy
    expect([(await erase('adam')).status, await keys.keyOf(vera)]).toEqual([200, null])
  })
})

describe('a legal hold', () => {
  test('has an erasure refused by its name, until it is released', async () => {
    const { erase, hold, release, look, keys, vera } = await opened()
    const { status, body: held } = await hold('greta')
    expect(status).toBe(201)
    const refused = await erase('adam')
    expect(refused.body).toMatchObject({ status: 409, title: 'SUBJECT_ON_HOLD', holds: [held.hold_id] })
    expect(refused.body.detail).toContain(held.hold_id)
    expect(await keys.keyOf(vera)).not.toBeNull()
    expect((await look('greta')).body).toMatchObject({ state: 'active', holds: [held] })
    expect((await release('greta', held.hold_id)).body).toEqual({ hold_id: held.hold_id, status: 'RELEASED' })
    expect((await release('greta', held.hold_id)).status).toBe(200)
    expect((await look('greta')).body).toMatchObject({ state: 'active', holds: [] })
    expect((await erase('adam')).status).toBe(200)
    expect((await hold('greta')).body).toMatchObject({ status: 409, title: 'SUBJECT_ERASED' })
  })

  test('is placed, released and looked at by who may', async () => {
    const { hold, release, look } = await opened()
    const statuses = async (act: (who: Who) => Promise<{ status: number }>) => {
      const all = ['vera', 'olga', 'audrey', 'greta', 'adam'] as const
      return Promise.all(all.map(async (who) => (await act(who)).status))
    }
    expect(await statuses((who) => hold(who))).toEqual([403, 403, 403, 201, 201])
    expect(await statuses((who) => release(who, 'nothing'))).toEqual([403, 403, 403, 404, 404])
    expect(await statuses((who) => look(who))).toEqual([403, 403, 200, 200, 200])
    expect(await statuses((who) => look(who, '/erasure'))).toEqual([403, 403, 404, 404, 404])
  })
})

describe('what one tenant erases', () => {
  test('is its own: the same person in another tenant has another pseudonym and another key', async () => {
    const { erase, keys, vera, pseudonymOf } = await opened()
    const there = await pseudonymOf('veraThere')
    expect(there).not.toBe(vera)
    expect((await erase('adamThere')).status).toBe(404)
    expect((await erase('adam', asked, there)).status).toBe(404)
    expect((await erase('adam')).status).toBe(200)
    expect([await keys.keyOf(vera), await keys.keyOf(there)]).toEqual([null, expect.any(Buffer)])
    expect((await erase('adamThere', asked, there)).status).toBe(200)
  })

  test('shows as erased to an auditor, and who comes again is somebody else', async () => {
    const { run, get, post, erase, vera, pump, pseudonymOf } = await opened()
    await run('r')
    const operator = await pseudonymOf('olga')
    await post('/api/pipeline/trigger/flights', { batch_id: 'B', run_id: 'q' }, as('olga'))
    await pump.settled()
    const shown = async () => {
      const { body } = await get('/history/runs/q', as('audrey'))
      return (body.events as Record<string, unknown>[])[0]
    }
    const listed = async () => {
      const { body } = await get('/history/access?actor=olga', as('audrey'))
      const byPseudonym = await get(`/history/access?actor=${operator}`, as('audrey'))
      return [body.total, (byPseudonym.body.calls as Record<string, unknown>[])[0]]
    }
    expect(await shown()).toMatchObject({ actor: operator, origin: 'no address', erased: false })
    expect(await listed()).toMatchObject([1, { person: { subject: 'olga' }, origin: 'no address', erased: false }])
    await erase('adam', asked, operator)
    await pump.settled()
    expect(await shown()).toMatchObject({ actor: operator, origin: null, erased: true })
    expect(await listed()).toMatchObject([0, { person: null, origin: null, erased: true }])
    expect(await pseudonymOf('olga')).not.toBe(operator)
    expect(await pseudonymOf('vera')).toBe(vera)
  })
})
