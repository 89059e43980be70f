import { expect, test } from 'vitest'
import type { Manifest } from '../../src/domain/pipeline/manifest.ts'
import { manifestHash } from '../../src/manifests/hash.ts'
import { parseManifest } from '../../src/manifests/schema.ts'

const parsed = (value: object): Manifest => {
  const result = parseManifest(value)
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return result.manifest
}

const wait = { name: 'wait', type: 'sleep', seconds: 1 }

test('a hash is 64 lower-case hex digits', () => {
  expect(manifestHash(parsed({ name: 'a', version: '1', transformations: [wait] }))).toMatch(/^[0-9a-f]{64}$/)
})

test('a default that is written out does not change the hash', () => {
  const short = parsed({ name: 'a', version: '1', transformations: [wait] })
  const long = parsed({ orchestration: { retries: 0 }, transformations: [wait], version: '1', name: 'a', sinks: {} })
  expect(manifestHash(long)).toBe(manifestHash(short))
})

test('any other value changes the hash', () => {
  const one = parsed({ name: 'a', version: '1', transformations: [wait] })
  const two = parsed({ name: 'a', version: '1', transformations: [{ ...wait, seconds: 2 }] })
  expect(manifestHash(two)).not.toBe(manifestHash(one))
})
