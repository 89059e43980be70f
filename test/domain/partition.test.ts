import { describe, expect, test } from 'vitest'
import type { RunId } from '../../src/domain/ids.ts'
import {
  type Holder,
  type PartitionCommand,
  type PartitionEvent,
  partitionDecider,
} from '../../src/domain/partition/decide.ts'
import { sentences } from '../support/decider.ts'
import { commandIdOf, runOf } from '../support/ids.ts'

const { given } = sentences(partitionDecider)
const at = '2026-01-01T00:00:00.000Z'
const [one, two, three] = [runOf('one'), runOf('two'), runOf('three')]
const holder = (runId: RunId, command: number): Holder => ({ runId, commandId: commandIdOf(command), at })

const claimed = (holders: Holder[]): PartitionEvent => {
  const { runId, commandId } = holders.at(-1) ?? holder(one, 0)
  return { type: 'PartitionClaimed', data: { runId, commandId, holders } }
}
const released = (runId: RunId, command: number, holders: Holder[]): PartitionEvent => ({
  type: 'PartitionReleased',
  data: { runId, commandId: commandIdOf(command), holders },
})
const claim = (runId: RunId, command: number, limit = 1, gone: RunId[] = []): PartitionCommand => ({
  type: 'ClaimPartition',
  runId,
  commandId: commandIdOf(command),
  at,
  limit,
  gone,
})
const release = (runId: RunId, command: number | null = null): PartitionCommand => ({
  type: 'ReleasePartition',
  runId,
  commandId: command === null ? null : commandIdOf(command),
})

describe('a claim', () => {
  test('of a free partition is granted', () =>
    given()
      .when(claim(one, 1))
      .thenHappens(claimed([holder(one, 1)])))

  test('of a held partition is refused', () =>
    given(claimed([holder(one, 1)]))
      .when(claim(two, 2))
      .thenRejects('RUN_ACTIVE'))

  test('is refused by telling who holds the partition', () => {
    const held = given(claimed([holder(one, 1), holder(two, 2)])).state()
    expect(() => partitionDecider.decide(claim(three, 3, 2), held)).toThrow(
      expect.objectContaining({ details: { activeRuns: [one, two] } }),
    )
  })

  test('is granted up to the limit', () => {
    const both = [holder(one, 1), holder(two, 2)]
    given(claimed([holder(one, 1)]))
      .when(claim(two, 2, 2))
      .thenHappens(claimed(both))
    given(claimed(both))
      .when(claim(three, 3, 2))
      .thenRejects('RUN_ACTIVE')
  })

  test('is refused under a limit that was lowered below what is held', () =>
    given(claimed([holder(one, 1), holder(two, 2)]))
      .when(claim(three, 3, 1, [one]))
      .thenRejects('RUN_ACTIVE'))

  test('by the same command again is nothing new', () =>
    given(claimed([holder(one, 1)]))
      .when(claim(one, 1))
      .thenNothing())

  test('by the same run with another command is another claim', () =>
    given(claimed([holder(one, 1)]))
      .when(claim(one, 2))
      .thenRejects('RUN_ACTIVE'))

  test('takes over from holders that are gone', () => {
    const outcome = partitionDecider.decide(
      claim(three, 3, 2, [one]),
      given(claimed([holder(one, 1), holder(two, 2)])).state(),
    )
    expect(outcome.reduce(partitionDecider.evolve, partitionDecider.initial)).toEqual({
      holders: [holder(two, 2), holder(three, 3)],
    })
  })
})

describe('a release', () => {
  test('frees what the run holds', () =>
    given(claimed([holder(one, 1), holder(two, 2)]))
      .when(release(one))
      .thenHappens(released(one, 1, [holder(two, 2)])))

  test('by command frees what that command claimed, and nothing else of the run', () => {
    const twice = [holder(one, 1), holder(one, 2)]
    given(claimed(twice))
      .when(release(one, 2))
      .thenHappens(released(one, 2, [holder(one, 1)]))
    given(claimed([holder(one, 1)]))
      .when(release(one, 2))
      .thenNothing()
  })

  test('by another run does not free it', () =>
    given(claimed([holder(one, 1)]))
      .when(release(two, 1))
      .thenNothing())

  test('of what is free is nothing', () => {
    given().when(release(one)).thenNothing()
    given(claimed([holder(one, 1)]), released(one, 1, []))
      .when(release(one))
      .thenNothing()
  })
})

test('the last event alone tells who holds a partition', () => {
  const last = claimed([holder(two, 2)])
  expect(given(claimed([holder(one, 1)]), released(one, 1, []), last).state()).toEqual(given(last).state())
})
