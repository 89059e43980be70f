import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as ids from '../../src/domain/ids.ts'

const cases = [
  {
    what: 'tenant',
    parse: ids.parseTenantId,
    good: ['default', 'A', 'a-b_c', '0', 'x'.repeat(64)],
    bad: ['', 'x'.repeat(65), 'a.b', 'a b', 'ä', 'a/b', 'a\n', '\na'],
  },
  {
    what: 'pipeline slug',
    parse: ids.parseSlug,
    good: ['flights-daily', 'a', '0_-', 'full_scoring_pipeline', 'x'.repeat(100), 'replays', 'runs-2'],
    bad: ['', 'A', '-a', '_a', 'x'.repeat(101), 'a.b', 'a b', 'a\n', 'replay', 'runs', 'manifests', 'backfills'],
  },
  {
    what: 'run id',
    parse: ids.parseRunId,
    good: ['r', 'run-1', '_', '...', '-', 'A.b_c-9', 'x'.repeat(128)],
    bad: ['', '.', '..', 'x'.repeat(129), 'a b', 'a/b', 'é', 'a\n'],
  },
  {
    what: 'partition key',
    parse: ids.parsePartitionKey,
    good: ['2001-01-31', 'BATCH_001', 'a.b', 'A', '0', 'x'.repeat(64)],
    bad: ['', '.a', '-a', '_a', 'a..b', 'x'.repeat(65), 'a/b', 'a b', 'a\n', '..'],
  },
  {
    what: 'command id',
    parse: ids.parseCommandId,
    good: ['00000000-0000-4000-8000-000000000001', 'ffffffff-ffff-5fff-bfff-ffffffffffff'],
    bad: ['', '00000000-0000-4000-8000-00000000000', '00000000-0000-4000-8000-00000000000A', '{}', 'not-a-uuid'],
  },
  {
    what: 'pipeline id',
    parse: ids.parsePipelineId,
    good: ['00000000-0000-4000-8000-000000000001'],
    bad: ['', 'FFFFFFFF-ffff-5fff-bfff-ffffffffffff', 'flights-daily'],
  },
]

describe.each(cases)('a $what', ({ parse, good, bad }) => {
  test.each(good)('may be %j, and stays as it is', (text) => {
    expect(parse(text)).toBe(text)
  })

  test.each(bad)('may not be %j', (text) => {
    expect(parse(text)).toBeUndefined()
  })
})

test.each([
  [
    'approvals',
    'cancel',
    'connections',
    'contracts',
    'dlq',
    'executions',
    'generate',
    'history',
    'metrics',
    'lineage',
    'slo',
    'logs',
  ],
  ['monitoring', 'promote', 'schedules', 'status', 'templates', 'trigger', 'webhooks', 'workflows'],
])('words that are a path of some dialect are no slugs', (...words) => {
  expect(words.map((word) => ids.parseSlug(word))).toEqual(words.map(() => undefined))
})

test('no two things share a stream: a tenant has no dot, and a pipeline id has a fixed length', () => {
  const text = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/)
  const tenant = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
  const named = fc.tuple(fc.constantFrom('pipeline', 'run', 'partition', 'lease'), tenant, text)
  const nameOf = ([category, owner, id]: [ids.Category, string, string]) =>
    ids.streamName(category, ids.must(ids.parseTenantId(owner), 'tenant'), id)
  fc.assert(
    fc.property(named, named, (a, b) => {
      expect(nameOf(a) === nameOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('what should have been an id and is none is a defect', () => {
  expect(() => ids.must(ids.parseRunId(''), 'run id')).toThrow('not a valid run id')
})
