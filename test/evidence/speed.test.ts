import { describe, expect, test } from 'vitest'
import {
  frontierAt,
  inclusionProof,
  leafHash,
  rootOf,
  subtreesOfTiles,
  verifyInclusion,
} from '../../src/evidence/merkle.ts'
import { evenTree } from './trees.ts'
import { logOf, outcome } from './world.ts'

/** In milliseconds of processor time, since these tests run beside others. */
const timed = <T>(work: () => T): [result: T, ms: number] => {
  const start = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(start)
  return [result, (user + system) / 1000]
}

describe('is fast enough:', () => {
  test('a proof made from tiles and verified, in a tree of a million leaves', () => {
    const size = 1_000_000
    const tree = evenTree('leaf')
    const head = { size, root: rootOf(frontierAt(size, tree.read)) }
    const times = Array.from({ length: 1000 }, (_, n) => {
      const index = (n * 7_919_993) % size
      const [, ms] = timed(() => {
        const proof = inclusionProof(index, size, subtreesOfTiles(size, tree.readTile))
        verifyInclusion(leafHash('leaf'), index, head, proof)
      })
      return ms
    }).sort((a, b) => a - b)
    const [p50 = 0, p99 = 0] = [times[500], times[990]]
    console.log(`proof in a tree of 1M leaves: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`)
    expect(p99).toBeLessThan(50)
  })

  test('the bundle of a period of 10,000 events, made and verified', () => {
    const log = logOf(12_000)
    const [bytes, makeMs] = timed(() => log.period(2000, 12_000))
    const [verdict, verifyMs] = timed(() => outcome(bytes))
    const size = `${Math.round(bytes.length / 1024)} KiB`
    console.log(`period of 10,000 events, ${size}: made ${Math.round(makeMs)} ms, verified ${Math.round(verifyMs)} ms`)
    expect(verdict).toBe('VERIFIED')
    expect(makeMs).toBeLessThan(10_000)
    expect(verifyMs).toBeLessThan(10_000)
  })
})
