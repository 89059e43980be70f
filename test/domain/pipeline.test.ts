import { describe, expect, test } from 'vitest'
import { Rejection } from '../../src/domain/codes.ts'
import { currentVersion, pipelineDecider, type RegisterManifest } from '../../src/domain/pipeline/decide.ts'
import type { PipelineEvent } from '../../src/domain/pipeline/events.ts'
import { assertPartition } from '../../src/domain/pipeline/partition.ts'
import { sentences } from '../support/decider.ts'
import { partitionOf, pipelineOf, slugOf } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'

const { given } = sentences(pipelineDecider)
const versionOf = (number: number, version: string, manifestHash: string) => ({
  pipelineId: pipelineOf(1),
  slug: slugOf('flights'),
  number,
  version,
  manifestHash,
  manifest: manifestOf({ version }),
})
const created: PipelineEvent = { type: 'PipelineCreated', data: versionOf(1, '1', 'h1') }
const versioned: PipelineEvent = { type: 'ManifestVersioned', data: versionOf(2, '2', 'h2') }
const register = (version: string, manifestHash: string): RegisterManifest => {
  const { number: _, version: __, ...data } = versionOf(0, version, manifestHash)
  return { type: 'RegisterManifest', ...data }
}

describe('a manifest that is registered', () => {
  test('creates its pipeline', () => given().when(register('1', 'h1')).thenHappens(created))

  test('is the next version of a pipeline that is there', () =>
    given(created).when(register('2', 'h2')).thenHappens(versioned))

  test('is nothing new when it is the current one', () =>
    given(created, versioned).when(register('2', 'h2')).thenNothing())

  test('is a new version also when it goes back to an earlier one, or keeps its label', () => {
    given(created, versioned)
      .when(register('1', 'h1'))
      .thenHappens({ type: 'ManifestVersioned', data: versionOf(3, '1', 'h1') })
    given(created)
      .when(register('1', 'h9'))
      .thenHappens({ type: 'ManifestVersioned', data: versionOf(2, '1', 'h9') })
  })

  test('leaves the earlier versions known: runs refer to them by their hash', () => {
    const pipeline = given(created, versioned).state()
    expect(pipeline.versions.map(({ manifestHash }) => manifestHash)).toEqual(['h1', 'h2'])
    expect(currentVersion(pipeline)?.manifestHash).toBe('h2')
  })
})

const isAccepted = (type: 'daily' | 'monthly' | 'any' | null, key: string | null): boolean => {
  const manifest = manifestOf({}, { partition: type === null ? null : { type, column: null } })
  try {
    assertPartition(manifest, key === null ? null : partitionOf(key))
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(Rejection)
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', details: { field: 'partition' } })
    return false
  }
}

describe('a partition', () => {
  test.each(['2001-01-31', '2000-02-29', '2004-02-29', '1999-12-31', '0099-03-01'])('%s is a day', (key) => {
    expect(isAccepted('daily', key)).toBe(true)
  })

  test.each([
    '2001-02-29',
    '1900-02-29',
    '2001-04-31',
    '2001-13-01',
    '2001-00-10',
    '2001-01-00',
    '2001-1-1',
    '2001-01',
    '20010101',
    '2001-01-01T00',
    'BATCH_001',
  ])('%s is no day', (key) => {
    expect(isAccepted('daily', key)).toBe(false)
  })

  test.each(['2001-01', '2001-12'])('%s is a month', (key) => {
    expect(isAccepted('monthly', key)).toBe(true)
  })

  test.each(['2001-00', '2001-13', '2001-1', '2001', '2001-01-01', 'january'])('%s is no month', (key) => {
    expect(isAccepted('monthly', key)).toBe(false)
  })

  test('is needed where runs are for days or months', () => {
    expect(isAccepted('daily', null)).toBe(false)
    expect(isAccepted('monthly', null)).toBe(false)
  })

  test('is anything or nothing elsewhere', () => {
    expect(isAccepted('any', 'BATCH_001')).toBe(true)
    expect(isAccepted('any', null)).toBe(true)
    expect(isAccepted(null, 'BATCH_001')).toBe(true)
    expect(isAccepted(null, null)).toBe(true)
  })
})
