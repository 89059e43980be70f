import { describe, expect, test } from 'vitest'
import { dueWork } from '../../projections/due-work.ts'
import type { ReadDb } from '../../projections/projection.ts'
import { dueRetries, dueRuns, endedClaims } from '../../projections/run-queries.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { commandIdOf } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { ofRun } from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const asked = [e.requested(), e.queued()]
const running = [...asked, e.started(1, 'box.1')]
const waiting = [...running, e.stageFailed(null), e.retryScheduled(1, e.atTime(60))]
const leaseUntil = (run: string, second: number): DomainEvent => ({
  type: 'LeaseTaken',
  data: { role: `run.${run}`, owner: 'box.1', epoch: 1, until: e.atTime(second) },
})

/** Each run begins at second 0; its n-th event is recorded half a second after second n. */
const given = async (runs: Record<string, readonly RunEvent[]>, ...others: DomainEvent[]) => {
  const { apply, reader } = openViews()
  let from = 0n
  for (const [run, events] of Object.entries(runs)) {
    const stored = ledgerEvents(ofRun(run, events))
    await apply(...stored.map((event, index) => ({ ...event, position: from + BigInt(index + 1) })))
    from += BigInt(stored.length)
  }
  for (const other of others) {
    from += 1n
    await apply(...ledgerEvents([other], { stream: 'lease-acme.x' }).map((event) => ({ ...event, position: from })))
  }
  return reader
}

describe('the next attempt of a run is due', () => {
  const dueOf = async (
    runs: Record<string, readonly RunEvent[]>,
    { second = 10, lostBefore = 0, worker = 'other.9' } = {},
    ...others: DomainEvent[]
  ) => {
    const reader = await given(runs, ...others)
    const asked = { now: e.atTime(second), lostBefore: e.atTime(lostBefore), worker, countMax: 100 }
    return dueRuns(reader, asked)
      .map(({ run_id }) => run_id)
      .sort()
  }

  test('when it is queued, and not while it waits for its retry', async () => {
    expect(await dueOf({ queued: asked, again: [...waiting, e.queued(2)], waiting })).toEqual(['again', 'queued'])
  })

  test('not while it is paused, nor after it has ended', async () => {
    const failed = [...running, e.stageFailed(null), e.failed(null)]
    const canceled = [...asked, e.cancelRequested(1, false), e.canceled()]
    expect(await dueOf({ paused: [...running, e.paused], failed, canceled }, { lostBefore: 99 })).toEqual([])
  })

  test('when it is to be canceled and no worker is at it', async () => {
    const unheld = [...running, e.paused, e.cancelRequested(2, false)]
    const held = [...running, e.cancelRequested(2, true)]
    expect(await dueOf({ held, unheld })).toEqual(['unheld'])
  })

  test('when its worker has shown no life for too long, be it canceled or not', async () => {
    const canceling = [...running, e.cancelRequested(2, true)]
    expect(await dueOf({ running, canceling }, { lostBefore: 2 })).toEqual([])
    expect(await dueOf({ running, canceling }, { lostBefore: 3 })).toEqual(['running'])
    expect(await dueOf({ running, canceling }, { lostBefore: 4 })).toEqual(['canceling', 'running'])
  })

  test('but not while the worker renews its lease', async () => {
    const times = { second: 100, lostBefore: 70 }
    expect(await dueOf({ r1: running }, times, leaseUntil('r1', 101))).toEqual([])
    expect(await dueOf({ r1: running }, times, leaseUntil('r1', 99))).toEqual(['r1'])
  })

  test('at once when its worker is an earlier life of the one who asks', async () => {
    expect(await dueOf({ running }, { worker: 'box.2' })).toEqual(['running'])
    expect(await dueOf({ running }, { worker: 'box.1' })).toEqual([])
    expect(await dueOf({ running }, { worker: 'boxer.2' })).toEqual([])
    expect(await dueOf({ running }, { worker: 'bo.2' })).toEqual([])
  })

  test('the oldest first, as many as wanted', async () => {
    const { apply, reader } = openViews()
    for (const [index, run] of ['late', 'early', 'middle'].entries()) {
      const metadata = metadataOf({ occurredAt: e.atTime([30, 10, 20][index] ?? 0) })
      await apply(...ledgerEvents(ofRun(run, asked), { from: BigInt(index) * 100n, metadata }))
    }
    const dueOf = (countMax: number) =>
      dueRuns(reader, { now: e.atTime(9), lostBefore: e.atTime(0), worker: 'x.1', countMax }).map(
        ({ run_id }) => run_id,
      )
    expect([dueOf(2), dueOf(9)]).toEqual([
      ['early', 'middle'],
      ['early', 'middle', 'late'],
    ])
  })
})

describe('a retry is due', () => {
  test('when its pause is over, unless the run is paused or has been queued', async () => {
    const paused = [...running, e.paused, e.stageFailed(null), e.retryScheduled(1, e.atTime(60))]
    const reader = await given({ waiting, paused, queued: [...waiting, e.queued(2)] })
    const dueAt = (second: number) => dueRetries(reader, e.atTime(second), 9).map(({ run_id }) => run_id)
    expect([dueAt(59), dueAt(60), dueAt(99)]).toEqual([[], ['waiting'], ['waiting']])
  })
})

describe('a claim is to be released', () => {
  const ends: Record<string, readonly RunEvent[]> = {
    succeeded: [...running, ...e.allStages(), e.committed(), e.costRecorded, e.succeeded()],
    failed: [...running, e.stageFailed(null), e.failed(null)],
    canceled: [...asked, e.cancelRequested(1, false), e.canceled()],
  }

  test('when its run has ended, however it did', async () => {
    const reader = await given({ ...ends, running, paused: [...running, e.paused], waiting })
    expect(
      endedClaims(reader, 9)
        .map(({ run_id }) => run_id)
        .sort(),
    ).toEqual(['canceled', 'failed', 'succeeded'])
    expect(endedClaims(reader, 2)).toHaveLength(2)
  })

  test('unless the run held none, or has released it', async () => {
    const free = [e.requested({ claim: null }), ...(ends.failed ?? []).slice(1)]
    const released: DomainEvent = {
      type: 'PartitionReleased',
      data: { runId: e.runId, commandId: commandIdOf(1), holders: [] },
    }
    const reader = await given({ free, r1: ends.failed ?? [] }, released)
    expect(endedClaims(reader, 9)).toEqual([])
  })
})

test('what is due is told with what led to it', async () => {
  const reader = await given({ r1: asked })
  const now = { now: e.atTime(9), lostBefore: e.atTime(0), worker: 'x.1' }
  expect(dueWork(reader).work(now)).toEqual([
    {
      tenant: 'acme',
      runId: 'r1',
      engine: 'fake',
      attempt: 0,
      cause: { correlationId: 'request-1', causationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    },
  ])
  expect([dueWork(reader).retries(e.atTime(9)), dueWork(reader).endedClaims()]).toEqual([[], []])
})

test('what is due is found in its order, without going through all that is queued', async () => {
  const reader = await given({ queued: asked, waiting })
  const plans: string[] = []
  const explaining: ReadDb = {
    get: (sql, ...parameters) => reader.get(sql, ...parameters),
    all: (sql, ...parameters) => {
      const steps = reader.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters)
      plans.push(steps.map(({ detail }) => detail).join('; '))
      return reader.all(sql, ...parameters)
    },
  }
  const { work, retries, endedClaims: claims } = dueWork(explaining)
  work({ now: e.atTime(9), lostBefore: e.atTime(0), worker: 'x.1' })
  retries(e.atTime(9))
  claims()
  expect(plans).toEqual([
    expect.stringMatching(/^SCAN \w+ USING INDEX \w+_active$/),
    expect.stringMatching(/^SEARCH \w+ USING INDEX \w+_retries \(retry_due_at<\?\)$/),
    expect.stringMatching(/^SEARCH \w+ USING INDEX \w+_claims \(status=\?\)$/),
  ])
})
