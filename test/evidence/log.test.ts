import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { envelopeOf, leafBytes } from '../../src/evidence/leaf.ts'
import { type LedgerLeaf, LogBuilder } from '../../src/evidence/log/builder.ts'
import { LogReader } from '../../src/evidence/log/reader.ts'
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  verifyConsistency,
  verifyInclusion,
} from '../../src/evidence/merkle.ts'
import { naiveTree } from './naive.ts'

const newFile = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-log-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'evidence.db')
}

const eventAt = (position: number, stream: string): LedgerLeaf => ({
  id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
  stream,
  revision: BigInt(position),
  type: 'RunPaused',
  recordedAt: '2026-01-02T12:00:00.000Z',
  data: { runId: `r${position}` },
  metadata: { salt: Buffer.alloc(32, position % 251).toString('base64'), actor: { pseudonym: 'p' }, tenant: 'acme' },
  position: BigInt(position) * 10n,
})

const hashesOf = (events: readonly LedgerLeaf[]): Buffer[] =>
  events.map((event, index) => Buffer.from(leafHash(leafBytes(envelopeOf(event, index)))))

const built = (events: readonly LedgerLeaf[], batches: readonly number[], path = newFile()): LogReader => {
  const builder = new LogBuilder(path)
  let from = 0
  for (let turn = 0; from < events.length; turn += 1) {
    const count = batches[turn % batches.length] ?? 1
    builder.append(events.slice(from, from + count))
    from += count
  }
  builder.close()
  const reader = new LogReader(path)
  onTestFinished(() => reader.close())
  return reader
}

test('however the events come, the trees are those of RFC 9162', () => {
  const events = Array.from({ length: 700 }, (_, n) => eventAt(n, `run-acme.r${n % 7}`))
  const naive = naiveTree(hashesOf(events))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }), (batches) => {
      const reader = built(events, batches)
      const [head] = reader.heads()
      expect(head).toMatchObject({ tenant: 'acme', log: 'commands', size: 700 })
      for (const size of [1, 255, 256, 257, 511, 512, 513, 700]) {
        expect(Buffer.from(reader.rootAt(head?.id ?? 0, size))).toEqual(naive.root(size))
      }
    }),
    { numRuns: 15 },
  )
})

test('each leaf is found by its event, and proved in every later tree', () => {
  const events = Array.from({ length: 600 }, (_, n) => eventAt(n, 'pipeline-acme.p'))
  const reader = built(events, [97])
  const hashes = hashesOf(events)
  for (const index of [0, 1, 255, 256, 300, 599]) {
    const place = reader.leafOf(events[index]?.id ?? '')
    expect(place).toMatchObject({ index, position: events[index]?.position })
    for (const size of [index + 1, 600]) {
      const root = reader.rootAt(place?.logId ?? 0, size)
      const proof = inclusionProof(index, size, reader.subtrees(place?.logId ?? 0, size))
      verifyInclusion(hashes[index] ?? Buffer.alloc(0), index, { size, root }, proof)
    }
  }
  const [first, second] = [300, 600].map((size) => ({ size, root: reader.rootAt(1, size) }))
  if (!first || !second) throw new Error('no trees')
  verifyConsistency(first, second, consistencyProof(300, 600, reader.subtrees(1, 600)))
  expect(reader.leavesFrom(1, 598, 10).map(({ event }) => event)).toEqual(events.slice(598).map(({ id }) => id))
  expect(reader.leafOf('nothing')).toBe(undefined)
})

test('each tenant has a log of commands and one of calls; leases, log lines and checkpoints are in none', () => {
  const streams = [
    'run-acme.r',
    'access-acme.day',
    'run-other.r',
    'lease-acme.l',
    'checkpoint-acme.commands',
    'runlog-acme.r',
  ]
  const reader = built(
    Array.from({ length: 60 }, (_, n) => eventAt(n, streams[n % streams.length] ?? '')),
    [7],
  )
  expect(reader.heads().map(({ tenant, log, size }) => [tenant, log, size])).toEqual([
    ['acme', 'commands', 10],
    ['acme', 'access', 10],
    ['other', 'commands', 10],
  ])
})

test('what is told twice, as after a crash, is one leaf; an event without a salt is none', () => {
  const path = newFile()
  const events = Array.from({ length: 30 }, (_, n) => eventAt(n, 'run-acme.r'))
  built(events.slice(0, 20), [20], path)
  const foreign = { ...eventAt(31, 'run-acme.r'), metadata: {} }
  const reader = built([...events, foreign], [31], path)
  expect(reader.heads().map(({ size }) => size)).toEqual([30])
  const builder = new LogBuilder(path)
  expect(builder.position()).toBe(310n)
  builder.close()
})
