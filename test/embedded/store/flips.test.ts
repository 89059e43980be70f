import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkAll } from '../../../src/embedded/store/check-all.ts'
import type { Store } from '../../../src/embedded/store/store.ts'
import { append, openTestStore, proposed } from '../memory-store.ts'
import { newDirectory } from '../support.ts'

const streams = 8

const readAll = (store: Store): string[] => {
  const records: string[] = []
  for (let cursor = 0; ; ) {
    const page = store.events.after(cursor, 64)
    if (page.length === 0) return records
    records.push(...page.map(({ record }) => record.toString('latin1')))
    cursor = page.at(-1)?.position ?? Infinity
  }
}

/** The files of a ledger of 320 events, and what it reads as. */
const sound = async () => {
  const directory = newDirectory()
  const store = await openTestStore(directory)
  for (let n = 0; n < 40; n++) {
    const text = JSON.stringify({ text: 'x'.repeat(100 + 20 * n) })
    await append(
      store,
      `stream-${n % streams}`,
      Array.from({ length: 8 }, () => proposed(text)),
    )
  }
  const records = readAll(store)
  store.close()
  return { bytes: readFileSync(join(directory, 'ledger.db')), records }
}

const readsTheSame = async (directory: string, records: string[]): Promise<boolean> => {
  const store = await openTestStore(directory)
  const same = readAll(store).join() === records.join()
  store.close()
  return same
}

const pageBytes = 4096

/** What the check of a damaged ledger says, or what it refuses to read at all. */
const findings = (directory: string): readonly unknown[] => {
  try {
    const { problems, damaged } = checkAll(directory)
    return [...problems, ...damaged]
  } catch (error) {
    return [error]
  }
}

test('a bit flipped anywhere changes nothing, or --check finds it', async () => {
  const { bytes, records } = await sound()
  // The first page says what all others mean.
  const place = fc.oneof(fc.nat(bytes.length - 1), fc.nat(pageBytes - 1))
  await fc.assert(
    fc.asyncProperty(place, fc.nat(7), async (at, bit) => {
      const directory = join(newDirectory(), 'flipped')
      mkdirSync(directory)
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
      writeFileSync(join(directory, 'ledger.db'), flipped)
      const found = findings(directory).length > 0
      expect(found || (await readsTheSame(directory, records))).toBe(true)
    }),
    { numRuns: 300 },
  )
}, 60_000)
