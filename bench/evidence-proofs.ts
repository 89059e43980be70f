import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { envelopeOf, leafBytes } from '../src/evidence/leaf.ts'
import { type LedgerLeaf, LogBuilder } from '../src/evidence/log/builder.ts'
import { LogReader } from '../src/evidence/log/reader.ts'
import { inclusionProof, leafHash, verifyInclusion } from '../src/evidence/merkle.ts'

const leavesTotal = Number(process.env.BENCH_LEAVES ?? 1_000_000)
const batch = 1_000
const proofsTotal = 5_000

const leafAt = (index: number): LedgerLeaf => ({
  id: randomUUID(),
  stream: `run-acme.r${index % 1_000}`,
  revision: BigInt(index),
  type: 'StageCompleted',
  recordedAt: '2026-01-02T12:00:00.000Z',
  data: { runId: `r${index}`, rows: index },
  metadata: { salt: Buffer.alloc(32, index % 251).toString('base64'), actor: { pseudonym: 'p-1' }, tenant: 'acme' },
  position: BigInt(index + 1),
})

/** Inclusion proofs in a file of a million leaves, each made from its event's id and verified. */
export const proofs = async (): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const path = join(dir, 'evidence.db')
  const builder = new LogBuilder(path)
  const chosen: { index: number; event: LedgerLeaf }[] = []
  const startedAt = performance.now()
  for (let from = 0; from < leavesTotal; from += batch) {
    const events = Array.from({ length: batch }, (_, n) => leafAt(from + n))
    builder.append(events)
    const at = randomInt(batch)
    const event = events[at]
    if (event) chosen.push({ index: from + at, event })
  }
  const grownMs = performance.now() - startedAt
  console.log(`a tree of ${leavesTotal} leaves grown: ${((leavesTotal / grownMs) * 1_000).toFixed(0)} leaves/s`)
  builder.close()
  const reader = new LogReader(path)
  const times: number[] = []
  const processorMs: number[] = []
  const head = { size: leavesTotal, root: reader.rootAt(1, leavesTotal) }
  for (let n = 0; n < proofsTotal; n += 1) {
    const { index, event } = chosen[randomInt(chosen.length)] ?? { index: 0, event: leafAt(0) }
    const used = process.cpuUsage()
    const begun = performance.now()
    const place = reader.leafOf(event.id)
    if (place?.index !== index) throw new Error(`leaf ${index} was not found`)
    const proof = inclusionProof(index, head.size, reader.subtrees(place.logId, head.size))
    verifyInclusion(leafHash(leafBytes(envelopeOf(event, index))), index, head, proof)
    times.push(performance.now() - begun)
    const { user, system } = process.cpuUsage(used)
    processorMs.push((user + system) / 1_000)
  }
  reader.close()
  await rm(dir, { recursive: true, force: true })
  const said = (sorted: readonly number[]): string => {
    const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(2)
    return `p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`
  }
  const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)
  console.log(
    `inclusion proof made and verified: ${said(ascending(times))}; of the processor ${said(ascending(processorMs))}`,
  )
}
