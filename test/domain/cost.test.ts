import { expect, test } from 'vitest'
import { costOf } from '../../src/domain/run/cost.ts'
import { runDecider } from '../../src/domain/run/decide.ts'
import { noRun } from '../../src/domain/run/state.ts'
import { sentences } from '../support/decider.ts'
import * as e from '../support/run-events.ts'

const gib = 1024 ** 3
const rates = { computeSecondUsd: 0.5, storedGibUsd: 2, movedGibUsd: 3 }
const measured = (computeMs: number, bytesRead: number, bytesWritten: number) => ({
  ...noRun,
  measured: { computeMs, bytesRead, bytesWritten },
})

test('a run costs what it has measured times the rates', () => {
  expect(costOf(measured(2_000, gib, gib), [e.fileOf('a', gib), e.fileOf('b', gib / 2)], rates)).toEqual({
    computeSeconds: 2,
    bytesStored: 1.5 * gib,
    bytesMoved: 2 * gib,
    computeUsd: 1,
    storageUsd: 3,
    networkUsd: 6,
    totalUsd: 10,
  })
})

test('a run that did nothing costs nothing', () => {
  expect(costOf(noRun, [], rates)).toMatchObject({ computeUsd: 0, storageUsd: 0, networkUsd: 0, totalUsd: 0 })
})

test('amounts are whole micro-dollars, and the total is the sum of what is shown', () => {
  const cheap = { computeSecondUsd: 0.000048, storedGibUsd: 0.023, movedGibUsd: 0.01 }
  const cost = costOf(measured(1_234, 123_456_789, 9_876_543), [e.fileOf('a', 9_876_543)], cheap)
  for (const usd of [cost.computeUsd, cost.storageUsd, cost.networkUsd, cost.totalUsd]) {
    expect(usd * 1e6).toBeCloseTo(Math.round(usd * 1e6), 6)
  }
  expect(cost.totalUsd).toBeCloseTo(cost.computeUsd + cost.storageUsd + cost.networkUsd, 9)
})

test('what every attempt has used counts, once for each stage that completed', () => {
  const run = sentences(runDecider).given(
    e.requested(),
    e.queued(),
    e.started(1),
    e.stageStarted('extract', 1),
    e.stageCompleted('extract', 1, { computeMs: 1_000, bytesRead: 10, bytesWritten: 1 }),
    e.started(2),
    e.stageStarted('load', 2),
    e.stageCompleted('load', 2, { computeMs: 500, bytesRead: 5, bytesWritten: 2 }),
  )
  expect(run.state().measured).toEqual({ computeMs: 1_500, bytesRead: 15, bytesWritten: 3 })
})
