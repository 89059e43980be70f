import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rejectedRowsReader } from '../../../src/engines/local/rejected-rows.ts'
import { otherTenant, tenant } from '../../support/ids.ts'

let dir: string
const file = 'rejected/flights/r1/known.ndjson'

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledgerline-rejected-'))
  await mkdir(join(dir, tenant, 'rejected/flights/r1'), { recursive: true })
  await mkdir(join(dir, otherTenant), { recursive: true })
  await writeFile(join(dir, otherTenant, 'secret.ndjson'), '{"s":1}\n')
  await symlink(join(dir, otherTenant), join(dir, tenant, 'out'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const read = (text: string | null, offset = 0, limit = 100, path = file) => {
  const written = text === null ? Promise.resolve() : writeFile(join(dir, tenant, file), text)
  return written.then(() => rejectedRowsReader(dir).read(tenant, path, offset, limit))
}
const lines = (count: number) => Array.from({ length: count }, (_, n) => `{"n":${n}}\n`).join('')

describe('the rows of a file', () => {
  test('are read in order, a part at a time, whether or not the last line ends', async () => {
    expect(await read(lines(5), 1, 2)).toEqual({ rows: [{ n: 1 }, { n: 2 }], leftOut: 0, next: 3 })
    expect(await read(lines(5).trimEnd(), 3, 2)).toEqual({ rows: [{ n: 3 }, { n: 4 }], leftOut: 0, next: null })
    expect(await read(lines(5), 9, 2)).toEqual({ rows: [], leftOut: 0, next: null })
    expect(await read('')).toEqual({ rows: [], leftOut: 0, next: null })
  })

  test('that are too long, or no objects, are left out and counted', async () => {
    const long = JSON.stringify({ text: 'x'.repeat(70_000) })
    const text = `{"n":1}\n${long}\nbroken\n[1]\n{"n":2}\n`
    expect(await read(text)).toEqual({ rows: [{ n: 1 }, { n: 2 }], leftOut: 3, next: null })
  })

  test('are at most so many bytes', async () => {
    const line = JSON.stringify({ text: 'x'.repeat(60_000) })
    const part = await read(`${line}\n`.repeat(40))
    expect([part?.rows.length, part?.next]).toEqual([17, 17])
  })

  test('go on to the end, part by part, however long the lines are', async () => {
    const sizes = Array.from({ length: 300 }, (_, n) => (n * 7_919) % 70_000)
    const text = sizes.map((size, n) => `${JSON.stringify({ n, text: 'x'.repeat(size) })}\n`).join('')
    await writeFile(join(dir, tenant, file), text)
    let seen = 0
    for (let next: number | null = 0; next !== null; ) {
      const part = await read(null, next, 100)
      seen += (part?.rows.length ?? 0) + (part?.leftOut ?? 0)
      next = part?.next ?? null
    }
    expect(seen).toBe(300)
  })
})

test.each([
  'rejected/flights/r1/none.ndjson',
  '../other/secret.ndjson',
  'out/secret.ndjson',
  '/etc/hostname',
  '.staging/x',
])("a file that is not there, or not the tenant's own, is none: %s", async (path) => {
  expect(await read(null, 0, 1, path)).toBeNull()
})
