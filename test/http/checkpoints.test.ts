import { describe, expect, test } from 'vitest'
import { checkpoints, cosignatures } from '../../src/app/aggregates.ts'
import type { Identity } from '../../src/auth/principal.ts'
import { checkpointText } from '../../src/evidence/checkpoint.ts'
import { noteSigner, signNote } from '../../src/evidence/note.ts'
import { openApi } from '../support/api.ts'
import { contextOf } from '../support/contexts.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'

const tokens: Record<string, Identity> = {
  auditor: identityOf('auditor', { roles: ['auditor'] }),
  operator: identityOf('operator', { roles: ['operator'] }),
  foreign: identityOf('foreign', { roles: ['auditor'], tenants: [otherTenant] }),
}
const [old, fresh] = [1, 2].map((seed) => noteSigner('box/acme', Buffer.alloc(32, seed)))
const rootOf = (size: number) => size.toString(16).padStart(64, '0')
const noteOf = (size: number): string => {
  const signer = size < 30 ? old : fresh
  const root = Buffer.from(rootOf(size), 'hex')
  return signer ? signNote(checkpointText({ origin: 'box/acme', size, root }), signer) : ''
}

/** Checkpoints of 10 to 50 leaves, of which a rotation lies between the second and the third. */
const open = async (services = {}) => {
  const api = await openApi({ tokens, open: false, services })
  let last: { size: number; root: string } | null = null
  for (const size of [10, 20, 30, 40, 50]) {
    const tree = { size, root: rootOf(size) }
    const command = { type: 'SignCheckpoint' as const, log: 'commands' as const, ...tree, note: noteOf(size) }
    await api.commands.handle(checkpoints, 'commands', { ...command, extends: last }, contextOf())
    last = tree
  }
  const ask = async (query = '', who: string | null = 'auditor', log = '') => {
    const headers = who === null ? {} : { authorization: `Bearer ${who}` }
    return api.get(`/ledger/${tenant}${log}/checkpoints${query}`, headers)
  }
  const cosign = async (size: number, ...names: string[]) => {
    const lines = names.map((name) => `— ${name} AAAAAAAA`)
    const command = { type: 'RecordCosignatures' as const, log: 'commands' as const, size, root: rootOf(size) }
    await api.commands.handle(
      cosignatures,
      'commands.cosigned',
      { ...command, cosignatures: lines, quorum: 2 },
      contextOf(),
    )
    await api.pump.settled()
  }
  await api.pump.settled()
  return { ...api, ask, cosign }
}

const listed = (body: Record<string, unknown>) => body.checkpoints as Record<string, unknown>[]
const sizes = (body: Record<string, unknown>) => listed(body).map(({ size }) => size)

describe('GET /ledger/{tenant}/checkpoints', () => {
  test('200 tells all of them, newest first, and which key signed each', async () => {
    const { ask } = await open()
    const { status, body } = await ask()
    expect([status, body.more, body.next]).toEqual([200, false, 10])
    const ids = [fresh, old].map((signer) => signer?.vkey.split('+')[1])
    expect(listed(body).map(({ size, key }) => [size, key])).toEqual([
      [50, ids[0]],
      [40, ids[0]],
      [30, ids[0]],
      [20, ids[1]],
      [10, ids[1]],
    ])
    expect(listed(body)[4]).toEqual({
      size: 10,
      root: rootOf(10),
      signed_at: '2026-01-02T03:04:05.678Z',
      key: ids[1],
      witnessed: false,
      witnesses: [],
      note: noteOf(10),
    })
  })

  test('200 tells who cosigned, and is witnessed once there are enough', async () => {
    const { ask, cosign } = await open()
    const shown = async () =>
      listed((await ask()).body).map(({ size, witnessed, witnesses }) => [size, witnessed, witnesses])
    await cosign(40, 'w/one')
    expect((await shown())[1]).toEqual([40, false, ['w/one']])
    await cosign(40, 'w/two')
    expect(await shown()).toEqual([
      [50, false, []],
      [40, true, ['w/one', 'w/two']],
      [30, false, []],
      [20, false, []],
      [10, false, []],
    ])
    const [, newest] = listed((await ask()).body)
    expect(newest?.note).toBe(`${noteOf(40)}— w/one AAAAAAAA\n— w/two AAAAAAAA\n`)
  })

  test('200 page by page, also while more are signed', async () => {
    const { ask, commands, pump } = await open()
    const first = await ask('?limit=2')
    expect([sizes(first.body), first.body.next, first.body.more]).toEqual([[50, 40], 40, true])
    const command = { type: 'SignCheckpoint' as const, log: 'commands' as const, size: 60, root: rootOf(60) }
    const extended = { size: 50, root: rootOf(50) }
    await commands.handle(checkpoints, 'commands', { ...command, note: noteOf(60), extends: extended }, contextOf())
    await pump.settled()
    const second = await ask('?limit=2&cursor=40')
    expect([sizes(second.body), second.body.next, second.body.more]).toEqual([[30, 20], 20, true])
    const third = await ask('?limit=2&cursor=20')
    expect([sizes(third.body), third.body.next, third.body.more]).toEqual([[10], 10, false])
    const whole = await ask('?limit=3&cursor=40')
    expect([sizes(whole.body), whole.body.more]).toEqual([[30, 20, 10], false])
    expect((await ask('?cursor=10')).body).toEqual({ checkpoints: [], next: null, more: false })
  })

  test('200 of a log without any', async () => {
    const { ask } = await open()
    expect((await ask('', 'auditor', '/access')).body).toEqual({ checkpoints: [], next: null, more: false })
  })

  test.each([
    ['limit=0', 'limit: must be a whole number from 1 to 1000'],
    ['limit=1001', 'limit: must be a whole number from 1 to 1000'],
    ['cursor=0', 'cursor: must be a whole number from 1'],
    ['cursor=newest', 'cursor: must be a whole number from 1'],
    ['colour=red', 'colour: unknown field'],
  ])('400 for %s', async (query, said) => {
    const { ask } = await open()
    const { status, body } = await ask(`?${query}`)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(said)])
  })

  test('401, 403 and 404 for whom it is not, and 200 for anyone where the ledger is public', async () => {
    const { ask } = await open()
    expect([(await ask('', null)).status, (await ask('', 'operator')).status]).toEqual([401, 403])
    expect((await ask('', 'foreign')).status).toBe(404)
    const shared = await open({ publicLedgers: [tenant] })
    expect(sizes((await shared.ask('', null)).body)).toEqual([50, 40, 30, 20, 10])
  })
})
