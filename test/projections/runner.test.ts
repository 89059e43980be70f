import { describe, expect, test } from 'vitest'
import { allViews } from '../../projections/index.ts'
import { put, type View } from '../../projections/projection.ts'
import { ledgerEvents } from '../support/events.ts'
import * as e from '../support/run-events.ts'
import { dump, openViews, temporaryFile } from '../support/views.ts'

const told = [e.requested(), e.queued(), e.started(), ...e.allStages(), e.committed(), e.costRecorded, e.succeeded()]
const events = ledgerEvents(told)
const upTo = (count: number) => events.slice(0, count)

/** Counts what it is given: nothing shows better that an event came twice, or not at all. */
const counting = (name: string, version = 1, onStarted: () => void = () => undefined): View => {
  const table = `${name}_v${version}`
  const count = ({ revision }: { revision: bigint }) => [
    [`insert into ${table} values (?, 1) on conflict do update set times = times + 1`, Number(revision)] as const,
  ]
  const started = (seen: { revision: bigint }) => {
    onStarted()
    return count(seen)
  }
  return {
    name,
    version,
    tables: [table],
    schema: [`create table if not exists ${table} (revision integer primary key, times integer) without rowid`],
    handlers: { RunRequested: count, RunQueued: count, RunStarted: started, StageStarted: count },
  }
}
const rowsOf = (path: string, table: string) => {
  const found = dump(path)[table] as { rows: { revision: number; times: number }[] } | undefined
  return found?.rows.map(({ revision, times }) => [revision, times])
}
const each = (...revisions: number[]) => revisions.map((revision) => [revision, 1])

describe('events that are applied', () => {
  test('again change nothing', async () => {
    const { path, apply } = openViews()
    await apply(...events)
    const before = dump(path)
    await apply(...events)
    await apply(...upTo(3))
    expect(dump(path)).toEqual(before)
  })

  test('in batches that overlap count once', async () => {
    const { path, apply } = openViews([counting('counts')])
    await apply(...upTo(3))
    await apply(...events.slice(1, 5))
    expect(rowsOf(path, 'counts_v1')).toEqual(each(0, 1, 2, 3))
  })

  test('move the position to what was reached, also beyond the last of them, in the file too', async () => {
    const { path, runner } = openViews()
    expect(await runner.position()).toBe(-1n)
    await runner.apply(events, 2n ** 60n + 1n)
    expect(await runner.position()).toBe(2n ** 60n + 1n)
    expect(await openViews(allViews, path).runner.position()).toBe(2n ** 60n + 1n)
  })

  test('may be none at all', async () => {
    const { runner } = openViews()
    await runner.apply([], 70n)
    expect(await runner.position()).toBe(70n)
  })

  test('of an unknown type, or that no view knows, are passed over', async () => {
    const { path, apply, runner } = openViews()
    const before = dump(path)
    await apply(
      ...ledgerEvents([e.lineageRecorded('extract')], { stream: 'run-acme.r9' }).map((event) => ({
        ...event,
        event: null,
      })),
    )
    expect(await runner.position()).toBe(10n)
    expect({ ...dump(path), views: 0 }).toEqual({ ...before, views: 0 })
  })
})

describe('a view that throws in the middle of a batch', () => {
  test('changes neither rows nor position of any view, and the batch can be applied later', async () => {
    let isBroken = true
    const failing = counting('failing', 1, () => {
      if (isBroken) throw new Error('it broke')
    })
    const { path, runner, apply } = openViews([counting('counts'), failing])
    await apply(...upTo(1))
    const before = dump(path)
    await expect(apply(...events)).rejects.toThrow('it broke')
    expect(dump(path)).toEqual(before)
    expect(await runner.position()).toBe(10n)
    isBroken = false
    await apply(...events)
    expect(rowsOf(path, 'counts_v1')).toEqual(each(0, 1, 2, 3, 5))
    expect(rowsOf(path, 'failing_v1')).toEqual(each(0, 1, 2, 3, 5))
  })

  test('may do so by its SQL', async () => {
    const wrong: View = { ...counting('wrong'), handlers: { RunStarted: () => [put('no_such_table', { a: 1 })] } }
    const { path, apply } = openViews([counting('counts'), wrong])
    await expect(apply(...events)).rejects.toThrow('no_such_table')
    expect(rowsOf(path, 'counts_v1')).toEqual([])
  })
})

describe('a view of a new version', () => {
  test('is built from the start beside the others, which wait', async () => {
    const path = temporaryFile()
    const first = openViews([counting('a'), counting('b')], path)
    await first.apply(...upTo(3))
    const { runner, apply } = openViews([counting('a'), counting('b', 2)], path)
    expect(await runner.position()).toBe(-1n)
    await apply(...upTo(2))
    expect([rowsOf(path, 'a_v1'), rowsOf(path, 'b_v2')]).toEqual([each(0, 1, 2), each(0, 1)])
    await apply(...upTo(4))
    expect([rowsOf(path, 'a_v1'), rowsOf(path, 'b_v2')]).toEqual([each(0, 1, 2, 3), each(0, 1, 2, 3)])
    expect(await runner.position()).toBe(40n)
  })

  test('replaces the old one once it has caught up, not before', async () => {
    const path = temporaryFile()
    await openViews([counting('a'), counting('b')], path).apply(...upTo(3))
    const { apply } = openViews([counting('a'), counting('b', 2)], path)
    await apply(...upTo(2))
    expect(rowsOf(path, 'b_v1')).toEqual(each(0, 1, 2))
    await apply(...upTo(3))
    expect(rowsOf(path, 'b_v1')).toBeUndefined()
    expect(dump(path).views).toMatchObject({ rows: [{ name: 'a' }, { name: 'b', version: 2 }] })
  })

  test('that was given up goes back to the old one, which is complete', async () => {
    const path = temporaryFile()
    await openViews([counting('a')], path).apply(...upTo(2))
    await openViews([counting('a', 2)], path).apply(...upTo(1))
    const { runner, apply } = openViews([counting('a')], path)
    const from = await runner.position()
    await apply(...upTo(4).filter(({ position }) => position > from))
    expect(rowsOf(path, 'a_v1')).toEqual(each(0, 1, 2, 3))
  })
})

describe('a view that was left out for a while', () => {
  test('is built from the start when it comes back', async () => {
    const path = temporaryFile()
    await openViews([counting('a'), counting('b')], path).apply(...upTo(2))
    await openViews([counting('a')], path).apply(...upTo(3))
    const { runner, apply } = openViews([counting('a'), counting('b')], path)
    const from = await runner.position()
    await apply(...upTo(4).filter(({ position }) => position > from))
    expect(rowsOf(path, 'b_v1')).toEqual(each(0, 1, 2, 3))
  })

  test('by name, but of another version, is not mistaken for the one that was', async () => {
    const path = temporaryFile()
    await openViews([counting('a'), counting('b', 1)], path).apply(...upTo(2))
    await openViews([counting('a'), counting('b', 2)], path).apply(...upTo(3))
    const { runner, apply } = openViews([counting('a'), counting('b', 1)], path)
    expect(await runner.position()).toBe(-1n)
    await apply(...upTo(3))
    expect(rowsOf(path, 'b_v1')).toEqual(each(0, 1, 2))
  })
})
