import { describe, expect, test } from 'vitest'
import { historyOfRun, runHistory } from '../../projections/run-history.ts'
import { runs } from '../../src/app/aggregates.ts'
import { examples, ledgerEvents, metadataOf } from '../support/events.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const told = [e.requested(), e.queued(), e.started(), e.stageStarted('extract'), e.paused]

describe('the history of a run', () => {
  test('is all of its events, oldest first, each with who caused it', async () => {
    const { apply, reader } = openViews()
    const events = ledgerEvents(told)
    await apply(...events)
    const rows = historyOfRun(reader, tenant, e.runId)
    expect(rows.map(({ type, revision }) => [revision, type])).toEqual(told.map(({ type }, index) => [index, type]))
    expect(rows[3]).toEqual({
      tenant: 'acme',
      run_id: 'r1',
      revision: 3,
      event_id: events[3]?.id,
      type: 'StageStarted',
      occurred_at: e.atTime(3),
      recorded_at: e.atTime(3.5),
      actor: 'alice',
      command: 'Test',
      command_id: events[3]?.metadata.commandId,
      origin: 'test',
      data: JSON.stringify(told[3]?.data),
    })
  })

  test('tells every kind of event that a run has', async () => {
    const { apply, reader } = openViews()
    const ofRuns = Object.values(examples)
      .flatMap((found) => found.slice(0, 1))
      .filter(({ type }) => type in runs.types)
    await apply(...ledgerEvents(ofRuns))
    expect(historyOfRun(reader, tenant, e.runId).map(({ type }) => type)).toEqual(ofRuns.map(({ type }) => type))
    expect(Object.keys(runHistory.handlers).sort()).toEqual(ofRuns.map(({ type }) => type).sort())
  })

  test('is empty for a run that is unknown, or that another tenant has', async () => {
    const { apply, reader } = openViews()
    await apply(...ledgerEvents(told, { metadata: metadataOf({ tenant: otherTenant }) }))
    expect(historyOfRun(reader, tenant, e.runId)).toEqual([])
    expect(historyOfRun(reader, otherTenant, e.runId)).toHaveLength(told.length)
  })
})
