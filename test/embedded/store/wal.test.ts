import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inspectWal } from '../../../src/embedded/store/wal.ts'
import { append, openTestStore, proposed } from '../memory-store.ts'
import { newDirectory } from '../support.ts'

const frameBytes = 24 + 4096

/** The write-ahead log of 40 commits, as a crash would leave it. */
const crashedLog = async (): Promise<Buffer> => {
  const directory = newDirectory()
  const store = await openTestStore(directory)
  for (let n = 0; n < 40; n++) await append(store, `s-${n}`, [proposed('x'.repeat(3000))])
  const copy = join(newDirectory(), 'copy')
  copyFileSync(join(directory, 'ledger.db-wal'), copy)
  store.close()
  return readFileSync(copy)
}

const inspect = (bytes: Uint8Array) => {
  const file = join(newDirectory(), 'log')
  writeFileSync(file, bytes)
  return inspectWal(file)
}

test('a sound log has pages and no damage; an absent or empty one has neither', async () => {
  const log = await crashedLog()
  expect(inspect(log).damage).toBeUndefined()
  expect(inspect(log).pageCount).toBeGreaterThan(40)
  expect(inspect(new Uint8Array(0))).toMatchObject({ pageCount: undefined, damage: undefined })
  expect(inspectWal('/nowhere/at/all')).toMatchObject({ pageCount: undefined, damage: undefined })
})

test('a log torn anywhere is not damage: a crash leaves that', async () => {
  const log = await crashedLog()
  fc.assert(
    fc.property(fc.integer({ min: 0, max: log.length }), (length) => {
      expect(inspect(log.subarray(0, length)).damage).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('a flipped bit well before the end is damage', async () => {
  const log = await crashedLog()
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: log.length - 20 * frameBytes }),
      fc.integer({ min: 0, max: 7 }),
      (at, bit) => {
        const flipped = Buffer.from(log)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        expect(inspect(flipped).damage).toBeDefined()
      },
    ),
    { numRuns: 50 },
  )
})
