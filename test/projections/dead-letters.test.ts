import { expect, test } from 'vitest'
import { deadLetterWork } from '../../projections/dead-letter-work.ts'
import { deadLettersView } from '../../projections/dead-letters.ts'
import { statementsFor } from '../../projections/projection.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { openDeadLettering, rejectedBy } from '../support/dead-lettering.ts'
import { ledgerEvents } from '../support/events.ts'
import { partitionOf, runOf, tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const statementsOf = (event: DomainEvent) => statementsFor(deadLettersView, ledgerEvents([event])[0] as LedgerEvent)

test('a run that succeeds at first try costs the view nothing', () => {
  const whole = [e.requested(), e.queued(), e.started(), ...e.allStages(), e.committed(), e.costRecorded, e.succeeded()]
  for (const event of whole) expect(statementsOf(event)).toEqual([])
})

test('each other event that it looks at costs a few statements, and each is found by a key', async () => {
  const { reader } = openViews()
  const events = [
    e.failed(),
    e.canceled(),
    e.rejected,
    e.stageCompleted('extract', 1, { rejected: [rejectedBy('known', 2, 'r1')] }),
    e.requested({ replayOf: { runId: runOf('r0'), contract: null } }),
  ]
  for (const event of events) {
    const statements = statementsOf(event)
    expect(statements.length).toBeGreaterThan(0)
    expect(statements.length).toBeLessThanOrEqual(2)
    for (const [sql, ...parameters] of statements) {
      const plan = reader.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters)
      for (const { detail } of plan) expect(detail).not.toMatch(/^SCAN/)
    }
  }
})

test('whether a run that has succeeded concerns an entry is found by indexes', async () => {
  const { views, succeeds, fails, keep } = await openDeadLettering()
  await fails('a')
  await keep()
  await succeeds('b', [], { partition: partitionOf('p2') })
  await succeeds('c')
  const asked: string[] = []
  const watched = {
    all: <Row>(sql: string, ...parameters: never[]) => {
      asked.push(
        ...views.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters).map(({ detail }) => detail),
      )
      return views.all<Row>(sql, ...parameters)
    },
    get: <Row>(sql: string, ...parameters: never[]) => watched.all<Row>(sql, ...parameters)[0],
  }
  await keep()
  const work = deadLetterWork(watched)
  expect(work.concerns(tenant, { kind: 'run', id: runOf('b') })).toBe(false)
  expect(asked.length).toBeGreaterThan(0)
  for (const detail of asked) expect(detail).not.toMatch(/^SCAN|\(tenant=\?\)$/)
  const waiting = 'dead_letters_v1_waiting (tenant=? AND pipeline_id=? AND partition=? AND environment=?)'
  expect(asked).toContainEqual(expect.stringContaining(waiting))
})

test('what is left to be said is found without going through all runs', async () => {
  const { views, fails, keep, pump } = await openDeadLettering()
  await fails('a')
  await keep()
  await pump.settled()
  const plans: string[] = []
  const watched = {
    all: <Row>(sql: string, ...parameters: never[]) => {
      plans.push(
        ...views.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters).map(({ detail }) => detail),
      )
      return views.all<Row>(sql, ...parameters)
    },
    get: () => undefined,
  }
  expect(deadLetterWork(watched).due()).toEqual([])
  for (const detail of plans) expect(detail).not.toMatch(/^SCAN (r|o|d|run_status|deliveries)\b/)
})
