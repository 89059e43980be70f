import { describe, expect, test } from 'vitest'
import { checkpointsView, newestCheckpoint } from '../../projections/checkpoints.ts'
import { eventHistory, toldTypes, typesByOutcome } from '../../projections/event-history.ts'
import { type EventFilter, pageOfEvents } from '../../projections/event-queries.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { examples, ledgerEvents, sealedText } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import { atTime } from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const anything = Object.values(examples).flat()
const everything: EventFilter = { conditions: [], hiddenTypes: [] }
const told = new Set<string>(toldTypes)

const open = () => {
  const { apply, reader } = openViews([eventHistory, checkpointsView])
  const all = () =>
    pageOfEvents(reader, tenant, everything, { after: -1, until: Number.MAX_SAFE_INTEGER, limit: 1_000 })
  return { apply, reader, all }
}

describe('what is told of an event', () => {
  test('is a sentence for each type, with nothing sealed, no address and no parameter in it', async () => {
    const { apply, all } = open()
    await apply(...ledgerEvents(anything))
    const { rows } = await all()
    expect(new Set(rows.map(({ type }) => type))).toEqual(told)
    for (const { summary } of rows) {
      expect(summary).toMatch(/^[^\n]{5,400}\.$/)
      expect(summary).not.toMatch(/sealed:|https?:|undefined|null|NaN|\[object/)
      expect(summary).not.toContain(sealedText().slice(-20))
    }
  })

  test('is an outcome only for the types that can have it', async () => {
    const { apply, all } = open()
    await apply(...ledgerEvents(anything))
    for (const { type, outcome } of (await all()).rows) {
      const possible = Object.entries(typesByOutcome).filter(([, types]) => types.some((each) => each === type))
      const fits = outcome === null ? possible.length === 0 : possible.some(([each]) => each === outcome)
      expect([type, outcome, fits]).toEqual([type, outcome, true])
    }
  })

  test('is left out for leases, checkpoints and calls, and for other tenants', async () => {
    const { apply, all, reader } = open()
    const upkeep = [examples.LeaseTaken, examples.CheckpointSigned, examples.ApiCallsRecorded].flat()
    await apply(...ledgerEvents(upkeep))
    expect((await all()).rows).toEqual([])
    await apply(...ledgerEvents(examples.RunPaused, { from: 1_000n }))
    const other = await pageOfEvents(reader, 'other', everything, { after: -1, until: 10_000, limit: 10 })
    expect([(await all()).rows.length, other.rows]).toEqual([1, []])
  })

  test('names the pipeline and the run of claims, stages and messages', async () => {
    const { apply, all } = open()
    const [created, requested] = [examples.PipelineCreated, examples.RunRequested]
    const at = (events: readonly DomainEvent[], stream: string, from: bigint) => ledgerEvents(events, { stream, from })
    const pipeline = '00000000-0000-4000-8000-000000000001'
    await apply(
      ...at(created, `pipeline-acme.${pipeline}`, 0n),
      ...at(examples.PartitionClaimed, `partition-acme.${pipeline}.p1`, 100n),
      ...at(requested.slice(0, 1), 'run-acme.r1', 200n),
      ...at(examples.StageStarted, 'run-acme.r1', 300n),
      ...at(examples.DeliveryScheduled, 'delivery-acme.d1', 400n),
      ...at(examples.DeliveryAttempted, 'delivery-acme.d1', 500n),
    )
    const { rows } = await all()
    expect(rows.map(({ type, pipeline, run }) => [type, pipeline, run])).toEqual([
      ['PipelineCreated', 'flights', null],
      ['PartitionClaimed', 'flights', 'r1'],
      ['RunRequested', 'flights', 'r1'],
      ['StageStarted', 'flights', 'r1'],
      ['DeliveryScheduled', 'flights', 'r1'],
      ['DeliveryAttempted', 'flights', 'r1'],
    ])
  })
})

test('the newest checkpoint of each log is kept', async () => {
  const { apply, reader } = open()
  const signed = (log: 'commands' | 'access', size: number): DomainEvent => ({
    type: 'CheckpointSigned',
    data: { log, size, root: `${size}`.repeat(64), note: `box/acme\n${size}\n` },
  })
  expect(newestCheckpoint(reader, tenant, 'commands')).toBeUndefined()
  await apply(...ledgerEvents([signed('commands', 1), signed('access', 5), signed('commands', 2)]))
  expect(newestCheckpoint(reader, tenant, 'commands')).toMatchObject({
    tenant: 'acme',
    log: 'commands',
    size: 2,
    root: '2'.repeat(64),
    note: 'box/acme\n2\n',
    position: 30,
    recorded_at: atTime(2.5),
  })
  expect(newestCheckpoint(reader, tenant, 'access')?.size).toBe(5)
  expect(newestCheckpoint(reader, 'other', 'commands')).toBeUndefined()
})
