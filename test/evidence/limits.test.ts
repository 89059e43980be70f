import { describe, expect, test } from 'vitest'
import { Rejection } from '../../src/domain/codes.ts'
import { bundleLeavesMax } from '../../src/evidence/bundle.ts'
import type { LedgerLeaf } from '../../src/evidence/log/builder.ts'
import { type BundleDeps, periodOf, subjectOf } from '../../src/evidence/log/bundles.ts'
import type { LedgerEvents } from '../../src/evidence/log/ledger-events.ts'
import type { LogReader } from '../../src/evidence/log/reader.ts'
import { eventOf, signer } from './world.ts'

const leafAt = (index: number): LedgerLeaf => ({ ...eventOf(index), position: BigInt(index) })

/**
 * A log of so many leaves, with one checkpoint, of which nothing is kept: event and leaf are told by their index. What
 * reads a whole bundle's leaves out of it fails; so a bundle is refused before it is put together.
 */
const depsOf = (size: number): BundleDeps => {
  const signed = { size, root: '00'.repeat(32), note: 'box/acme\n' }
  const checkpoint: LedgerLeaf = { ...leafAt(0), stream: 'checkpoint-acme.commands', data: signed }
  const events: LedgerEvents = {
    stream: async (_, countMax) => Array.from({ length: Math.min(size, countMax) }, (_, index) => leafAt(index)),
    at: async () => checkpoint,
    last: async (stream) =>
      stream === 'checkpoint-acme.commands'
        ? checkpoint
        : stream.startsWith('checkpoint-')
          ? undefined
          : leafAt(size - 1),
    from: async function* (position) {
      yield [leafAt(Number(position))]
    },
  }
  const placeOf = (index: number) => ({ logId: 1, index, event: leafAt(index).id, position: BigInt(index) })
  const reader = {
    head: () => ({ id: 1, tenant: 'acme', log: 'commands', size }),
    leafOf: (event: string) => placeOf(Number(event.slice(-12))),
    leavesFrom: (_: number, index: number, count: number) => {
      if (count > 1) throw new Error('the leaves are read')
      return [placeOf(index)]
    },
    subtrees: () => {
      throw new Error('proofs are made')
    },
  }
  return { reader: reader as unknown as LogReader, events, isBroken: () => false, signerOf: () => signer }
}

const always = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z', types: null }
const run = { kind: 'run' as const, id: 'r1', streams: ['run-acme.r1'] }

const refusal = async (work: Promise<unknown>): Promise<Rejection> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Rejection) return error
  throw error ?? new Error('nothing was refused')
}

describe(`more than ${bundleLeavesMax} leaves`, () => {
  test('of a period are refused by the name of its field and the limit, before one of them is read', async () => {
    const { code, message, details } = await refusal(periodOf(depsOf(bundleLeavesMax + 1), 'acme', 'commands', always))
    expect([code, details]).toEqual(['VALIDATION_FAILED', { field: 'to', leaves: 100_001, leaves_max: 100_000 }])
    expect(message).toMatch(/^to: the period has 100001 leaves, and one bundle at most 100000/)
  })

  test('of a run are refused likewise', async () => {
    const { code, message, details } = await refusal(subjectOf(depsOf(bundleLeavesMax + 1), 'acme', run))
    expect([code, details]).toEqual(['VALIDATION_FAILED', { field: 'id', leaves: 100_001, leaves_max: 100_000 }])
    expect(message).toMatch(/^id: this run has 100001 leaves, and one bundle at most 100000/)
  })
})

test(`${bundleLeavesMax} leaves are not refused`, async () => {
  await expect(periodOf(depsOf(bundleLeavesMax), 'acme', 'commands', always)).rejects.toThrow('the leaves are read')
  await expect(subjectOf(depsOf(bundleLeavesMax), 'acme', run)).rejects.toThrow('proofs are made')
})
