import { describe, expect, test } from 'vitest'
import { stagesOfRun } from '../../projections/run-queries.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { ledgerEvents } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const asked = [e.requested(), e.queued()]
const running = [...asked, e.started()]
const atStage = [...running, e.stageStarted('extract')]
const half = [...atStage, e.stageCompleted('extract')]
const at = (index: number) => e.atTime(index)

describe('a stage', () => {
  /** The n-th event occurred at second n. */
  const stageAfter = async (...events: DomainEvent[]) => {
    const { apply, reader } = openViews()
    await apply(...ledgerEvents(events))
    return stagesOfRun(reader, tenant, e.runId)[0]
  }

  test.each([
    ['is running', atStage, { status: 'running', started_at: at(3), ended_at: null }],
    [
      'has completed, with what it put out',
      half,
      { status: 'succeeded', started_at: at(3), ended_at: at(4), output: '{"rows":3}', rows: 3, bytes: 10 },
    ],
    ['has failed', [...atStage, e.stageFailed('extract'), e.failed()], { status: 'failed', ended_at: at(4) }],
    ['is to be run again when its worker was lost', [...atStage, e.started(2)], { status: 'queued', ended_at: null }],
    [
      'runs again after it has failed',
      [
        ...atStage,
        e.stageFailed('extract'),
        e.retryScheduled(1, at(9)),
        e.queued(2),
        e.started(2),
        e.stageStarted('extract', 2),
      ],
      { status: 'running', started_at: at(8), ended_at: null },
    ],
    [
      'was canceled in the middle',
      [...atStage, e.cancelRequested(2, true), e.canceled()],
      { status: 'canceled', ended_at: at(5) },
    ],
    [
      'stays completed when the run is canceled',
      [...half, e.cancelRequested(2, true), e.canceled()],
      { status: 'succeeded', ended_at: at(4) },
    ],
    [
      'was never begun when the run is canceled',
      [...asked, e.cancelRequested(1, false), e.canceled()],
      { status: 'queued', started_at: null },
    ],
  ] as const)('%s', async (_, events, expected) => {
    expect(await stageAfter(...events)).toMatchObject(expected)
  })
})
