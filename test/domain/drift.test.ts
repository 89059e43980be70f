import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runDecider } from '../../src/domain/run/decide.ts'
import { type Column, driftBetween, hasDrifted } from '../../src/domain/run/drift.ts'
import { sentences } from '../support/decider.ts'
import { runOf } from '../support/ids.ts'
import { recordDrift } from '../support/run-commands.ts'
import * as e from '../support/run-events.ts'
import { situations } from './run-situations.ts'

const none = { added: [], removed: [], retyped: [] }
const column = fc.record({
  name: fc.oneof(fc.constantFrom('a', 'b', 'c', 'A', '__proto__', 'constructor'), fc.string()),
  type: fc.constantFrom('BIGINT', 'DOUBLE', 'VARCHAR'),
})
const columns = fc.uniqueArray(column, { selector: ({ name }) => name, maxLength: 8 })
const namesOf = (found: readonly { name: string }[]) => new Set(found.map(({ name }) => name))
const typeIn = (found: readonly Column[], name: string) => found.find((each) => each.name === name)?.type

describe('the difference of two outputs', () => {
  test('names the columns that came, that went and that have another type', () => {
    expect(driftBetween(e.columnsOf('a', 'b', 'c'), e.columnsOf('c:DATE', 'b', 'd', 'e:DOUBLE'))).toEqual({
      added: e.columnsOf('d', 'e:DOUBLE'),
      removed: e.columnsOf('a'),
      retyped: [{ name: 'c', from: 'BIGINT', to: 'DATE' }],
    })
  })

  test('is none where only the order differs', () => {
    expect(driftBetween(e.columnsOf('a', 'b'), e.columnsOf('b', 'a'))).toEqual(none)
  })

  test('takes names to the letter', () => {
    expect(driftBetween(e.columnsOf('id'), e.columnsOf('ID'))).toMatchObject({
      added: [{ name: 'ID' }],
      removed: [{ name: 'id' }],
    })
  })

  test('is what set algebra says', () => {
    fc.assert(
      fc.property(columns, columns, (before, after) => {
        const { added, removed, retyped } = driftBetween(before, after)
        const [old, now] = [namesOf(before), namesOf(after)]
        expect(namesOf(added)).toEqual(new Set([...now].filter((name) => !old.has(name))))
        expect(namesOf(removed)).toEqual(new Set([...old].filter((name) => !now.has(name))))
        const kept = [...old].filter((name) => now.has(name))
        expect(namesOf(retyped)).toEqual(new Set(kept.filter((name) => typeIn(before, name) !== typeIn(after, name))))
        for (const each of added) expect(each.type).toBe(typeIn(after, each.name))
        for (const each of removed) expect(each.type).toBe(typeIn(before, each.name))
        for (const { name, from, to } of retyped)
          expect([from, to]).toEqual([typeIn(before, name), typeIn(after, name)])
      }),
    )
  })

  test('of an output and itself is none, in whatever order', () => {
    fc.assert(
      fc.property(columns, (same) => {
        expect(hasDrifted(driftBetween(same, same))).toBe(false)
        expect(driftBetween(same, [...same].reverse())).toEqual(none)
      }),
    )
  })

  test('turned round has what came for what went, and types the other way round', () => {
    fc.assert(
      fc.property(columns, columns, (one, other) => {
        const [there, back] = [driftBetween(one, other), driftBetween(other, one)]
        expect(back.added).toEqual(there.removed)
        expect(back.removed).toEqual(there.added)
        expect(new Map(back.retyped.map(({ name, from, to }) => [name, [to, from]]))).toEqual(
          new Map(there.retyped.map(({ name, from, to }) => [name, [from, to]])),
        )
      }),
    )
  })

  test('applied to the one gives the other', () => {
    fc.assert(
      fc.property(columns, columns, (before, after) => {
        const { added, removed, retyped } = driftBetween(before, after)
        const gone = namesOf(removed)
        const types = new Map(retyped.map(({ name, to }) => [name, to]))
        const kept = before.filter(({ name }) => !gone.has(name))
        const made = [...kept.map(({ name, type }) => ({ name, type: types.get(name) ?? type })), ...added]
        expect(new Map(made.map(({ name, type }) => [name, type]))).toEqual(
          new Map(after.map(({ name, type }) => [name, type])),
        )
      }),
    )
  })
})

describe('a run that has succeeded', () => {
  const { given } = sentences(runDecider)
  const succeeded = situations.succeeded

  test('records that a sink has drifted, and since which run', () => {
    given(...succeeded)
      .when(recordDrift({ before: e.columnsOf('a', 'b'), after: e.columnsOf('b:DATE', 'c') }))
      .thenHappens(e.driftDetected('out', { retyped: [{ name: 'b', from: 'BIGINT', to: 'DATE' }] }))
  })

  test('records it once for each sink, whatever is compared later', () => {
    const again = recordDrift({ since: runOf('r00'), after: e.columnsOf('z') })
    given(...succeeded, e.driftDetected())
      .when(again)
      .thenNothing()
    given(...succeeded, e.driftDetected())
      .when(recordDrift({ sink: 'in' }))
      .thenHappens(e.driftDetected('in'))
  })

  test('records nothing where the columns are the same, be it in another order', () => {
    const reordered = recordDrift({ before: e.columnsOf('a', 'b'), after: e.columnsOf('b', 'a') })
    given(...succeeded)
      .when(reordered)
      .thenNothing()
  })

  test('has succeeded still when its drift is recorded', () => {
    expect(given(...succeeded, e.driftDetected()).state()).toMatchObject({
      status: 'succeeded',
      drifts: [{ sink: 'out' }],
    })
  })
})
