import { describe, expect, test } from 'vitest'
import type { Freshness } from '../../src/http/reads.ts'
import { openApi } from '../support/api.ts'

const trigger = '/api/pipeline/trigger/flights'
const header = 'ledger-position'
const positionOf = (answer: { headers: Headers }) => answer.headers.get(header) ?? ''

/** Views that stay where they are. */
const frozen = (at: bigint) => (): Freshness => ({ current: () => at, reach: async (position) => position <= at })

describe('a caller reads what it has written', () => {
  test('at once, without asking for it', async () => {
    const { post, get } = await openApi()
    const { body } = await post(trigger, { batch_id: 'B' })
    expect((await get(`/api/pipeline/status/${body.run_id}`)).status).toBe(200)
    expect((await get('/api/pipeline/runs')).body.total).toBe(1)
  })

  test('by the position that it was told, in a word that shows no number', async () => {
    const { post, get, ledger } = await openApi()
    const told = positionOf(await post(trigger, { batch_id: 'B' }))
    expect(told).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const read = await get('/api/pipeline/runs', { [header]: told })
    expect([read.status, read.body.total]).toEqual([200, 1])
    // The same position in another word: who watches it learns nothing of what others write.
    const again = positionOf(read)
    expect(again).not.toBe(told)
    expect((await get('/api/pipeline/runs', { [header]: again })).status).toBe(200)
    for (const word of [told, again]) {
      expect(BigInt(Buffer.from(word, 'base64url').readUIntBE(0, 6))).not.toBe(await ledger.head())
    }
  })

  test('or is told that it does not yet: 200, with where the views are', async () => {
    const { post, get } = await openApi({ freshness: frozen(3n) })
    const wrote = await post(trigger, { batch_id: 'B' })
    const read = await get('/api/pipeline/runs')
    expect([read.status, read.headers.get('ledger-lag')]).toEqual([200, 'true'])
    expect(positionOf(read)).not.toBe(positionOf(wrote))
  })

  test('or, where it names the position, is asked to come again: 503', async () => {
    const { post, get } = await openApi({ freshness: frozen(3n) })
    const told = positionOf(await post(trigger, { batch_id: 'B' }))
    const { status, headers, body } = await get('/api/pipeline/runs', { [header]: told })
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(body).toMatchObject({ status: 'error', error: { code: 'VIEWS_BEHIND' } })
  })

  test('also where somebody else, or another process, has written it', async () => {
    const told = positionOf(await (await openApi()).post(trigger, { batch_id: 'B' }))
    const { get } = await openApi({ freshness: frozen(3n) })
    expect((await get('/api/pipeline/runs', { [header]: told })).status).toBe(503)
  })

  test('and without having written anything waits for nothing', async () => {
    const { get } = await openApi({ freshness: frozen(-1n) })
    const { status, headers } = await get('/api/pipeline/runs')
    expect([status, headers.get('ledger-lag')]).toEqual([200, null])
  })
})

describe('a position', () => {
  test('that was reached is no reason to wait, be the views behind something else', async () => {
    const { post, get } = await openApi({ freshness: frozen(3n) })
    const reached = positionOf(await get('/api/pipeline/runs'))
    await post(trigger, { batch_id: 'B' })
    const read = await get('/api/pipeline/runs', { [header]: reached })
    expect([read.status, read.headers.get('ledger-lag')]).toEqual([200, 'true'])
  })

  test.each(['x', '7', 'AAAAAAAAAAAAAAAAAAAAAA', 'a'.repeat(22), 'a'.repeat(1_000)])(
    'that was not given out here is 400: %s',
    async (word) => {
      const { get } = await openApi()
      const { status, body } = await get('/api/pipeline/runs', { [header]: word })
      expect([status, body.error]).toMatchObject([400, { details: { field: 'Ledger-Position' } }])
    },
  )

  test('that was tampered with is 400, whichever letter was changed', async () => {
    const { post, get } = await openApi()
    const told = positionOf(await post(trigger, { batch_id: 'B' }))
    for (let at = 0; at < told.length - 1; at += 1) {
      const other = told[at] === 'A' ? 'B' : 'A'
      const tampered = told.slice(0, at) + other + told.slice(at + 1)
      expect((await get('/api/pipeline/runs', { [header]: tampered })).status, tampered).toBe(400)
    }
  })

  test('of another key is 400', async () => {
    const [here, there] = [await openApi(), await openApi()]
    const { ReadAfterWrite } = await import('../../src/http/reads.ts')
    const stranger = await openApi({ services: { reads: new ReadAfterWrite(frozen(9n)(), Buffer.alloc(32, 9)) } })
    const told = positionOf(await stranger.get('/api/pipeline/runs'))
    expect((await here.get('/api/pipeline/runs', { [header]: told })).status).toBe(400)
    const mutual = positionOf(await there.get('/api/pipeline/runs'))
    expect((await here.get('/api/pipeline/runs', { [header]: mutual })).status).toBe(200)
  })
})
