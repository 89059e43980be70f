import { describe, expect, test } from 'vitest'
import { runById } from '../../projections/run-queries.ts'
import type { ViewWriter } from '../../projections/runner.ts'
import { ViewFollower } from '../../projections/views.ts'
import { ledgerEvents } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const events = ledgerEvents([e.requested(), e.queued(), e.started()])

describe('a reader', () => {
  test('sees what the writer has written since it was opened', async () => {
    const { apply, reader } = openViews()
    expect(runById(reader, tenant, e.runId)).toBeUndefined()
    await apply(...events)
    expect(runById(reader, tenant, e.runId)).toMatchObject({ status: 'running' })
  })

  test('writes nothing', () => {
    const { reader } = openViews()
    expect(() => reader.all('delete from views')).toThrow()
  })

  test('keeps its statements within bounds, and answers all the same', () => {
    const { reader } = openViews()
    for (let n = 0; n < 500; n += 1) expect(reader.all(`select ${n} n`)).toEqual([{ n }])
  })
})

describe('one who feeds the views from the ledger', () => {
  const feeding = () => {
    const { runner } = openViews()
    return new ViewFollower(runner)
  }

  test('begins where the views are', async () => {
    const { runner, apply } = openViews()
    await apply(...events)
    const follower = new ViewFollower(runner)
    expect(await follower.position()).toBe(30n)
    expect(follower.current()).toBe(30n)
  })

  test('knows at once that a position has been reached', async () => {
    const follower = feeding()
    await follower.handle(events, 35n)
    expect(await Promise.all([follower.reach(30n, 0), follower.reach(35n, 0), follower.reach(-1n, 0)])).toEqual([
      true,
      true,
      true,
    ])
  })

  test('tells those who wait as soon as their position is reached, and not before', async () => {
    const follower = feeding()
    const told: string[] = []
    const waiting = [10n, 30n, 31n].map((position) =>
      follower.reach(position, 5_000).then((isReached) => told.push(`${position}: ${isReached}`)),
    )
    await follower.handle(events.slice(0, 1), 10n)
    await waiting[0]
    expect(told).toEqual(['10: true'])
    await follower.handle(events.slice(1), 40n)
    await Promise.all(waiting)
    expect(told).toEqual(['10: true', '30: true', '31: true'])
  })

  test('gives up waiting in time', async () => {
    const follower = feeding()
    const before = Date.now()
    expect(await follower.reach(10n, 30)).toBe(false)
    expect(Date.now() - before).toBeLessThan(1_000)
    await follower.handle(events, 30n)
    expect(await follower.reach(10n, 30)).toBe(true)
  })

  test('has reached nothing when the writer fails', async () => {
    const broken: ViewWriter = {
      position: async () => 5n,
      apply: () => Promise.reject(new Error('the disk is full')),
      close: async () => undefined,
    }
    const follower = new ViewFollower(broken)
    await follower.position()
    await expect(follower.handle(events, 30n)).rejects.toThrow('the disk is full')
    expect(follower.current()).toBe(5n)
  })
})
