import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventHistory, toldTypes } from '../../projections/event-history.ts'
import { type Condition, type EventFilter, pageOfEvents, positionAt } from '../../projections/event-queries.ts'
import type { EventRow } from '../../projections/event-rows.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { DomainEvent, EventType } from '../../src/domain/events.ts'
import { examples, ledgerEvents } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import { atTime } from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const anything = Object.values(examples).flat()
const everything: EventFilter = { conditions: [], hiddenTypes: [] }
const told = new Set<string>(toldTypes)

/** Ten positions apart, on several runs; the ledger's clock may step back. */
const stored = (events: readonly DomainEvent[], seconds: readonly number[], actors: readonly string[]): LedgerEvent[] =>
  ledgerEvents(events).map((event, index) => ({
    ...event,
    stream: `run-acme.r${index % 3}`,
    recordedAt: atTime(seconds[index] ?? 0),
    metadata: { ...event.metadata, actor: { ...event.metadata.actor, pseudonym: actors[index] ?? 'alice' } },
  }))

const histories = fc
  .array(
    fc.record({
      event: fc.constantFrom(...anything),
      second: fc.nat({ max: 50 }),
      actor: fc.constantFrom('alice', 'bob', 'system'),
    }),
    { maxLength: 60 },
  )
  .map((said) =>
    stored(
      said.map(({ event }) => event),
      said.map(({ second }) => second),
      said.map(({ actor }) => actor),
    ),
  )

const open = () => {
  const { apply, reader } = openViews([eventHistory])
  const all = (filter: EventFilter = everything) =>
    pageOfEvents(reader, tenant, filter, { after: -1, until: Number.MAX_SAFE_INTEGER, limit: 1_000 })
  return { apply, reader, all }
}

const idsOf = (rows: readonly EventRow[]): string[] => rows.map(({ id }) => id)
const isTold = ({ type }: LedgerEvent): boolean => told.has(type)

describe('a page of events', () => {
  test('of any length, while more happens, comes to each event once and in ledger order', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(histories, lengths, fc.nat({ max: 20 }), async (events, limits, batch) => {
        const { apply, reader } = open()
        const waiting = [...events]
        const seen: string[] = []
        let [after, until, turn] = [-1, -1, 0]
        while (waiting.length > 0 || after < until) {
          const happened = waiting.splice(0, batch + 1)
          if (happened.length > 0) await apply(...happened)
          until = Number(happened.at(-1)?.position ?? until)
          const page = await pageOfEvents(reader, tenant, everything, {
            after,
            until,
            limit: limits[turn % limits.length] ?? 1,
          })
          expect(page.more).toBe(page.end < until)
          seen.push(...idsOf(page.rows))
          after = page.end
          turn += 1
        }
        expect(seen).toEqual(events.filter(isTold).map(({ id }) => id))
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})

describe('a filter', () => {
  const texts = fc.constantFrom('stage', 'LOAD', '%', 'run r1', '')
  const values = fc.constantFrom<Condition>(
    [{ column: 'actor', value: 'alice' }],
    [
      { column: 'actor', value: 'bob' },
      { column: 'actor', value: 'system' },
      { column: 'on_behalf_of', value: 'bob' },
    ],
    [{ column: 'type', value: 'StageStarted' }],
    [
      { column: 'type', value: 'RunFailed' },
      { column: 'type', value: 'StageCompleted' },
    ],
    [{ column: 'outcome', value: 'failed' }],
    [{ column: 'run', value: 'r1' }],
    [{ column: 'pipeline', value: 'flights' }],
    [{ column: 'environment', value: 'prod' }],
    [{ column: 'command', value: 'Test' }],
  )
  const hides = fc.subarray<EventType>(['StageStarted', 'RunFailed'])

  test('lets through what a plain look at all events does', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.uniqueArray(values, { maxLength: 3 }),
        texts,
        hides,
        async (events, all, text, hidden) => {
          const view = open()
          await view.apply(...events)
          const plain = (await view.all()).rows.filter(
            (row) =>
              all.every((condition) => condition.some(({ column, value }) => row[column] === value)) &&
              row.summary.toLowerCase().includes(text.toLowerCase()) &&
              !hidden.some((type) => type === row.type),
          )
          const found = await view.all({ conditions: all, hiddenTypes: hidden, text })
          expect(idsOf(found.rows)).toEqual(idsOf(plain))
        },
      ),
      { numRuns: 80 },
    )
  }, 60_000)

  test('finds the rare among many, beyond what is looked at in one go', async () => {
    const { apply, all } = open()
    const many = ledgerEvents(Array.from({ length: 9_000 }, () => examples.RunPaused[0] as DomainEvent))
    const rare = many.map((event, index) =>
      index % 4_000 === 3_999
        ? { ...event, metadata: { ...event.metadata, actor: { ...event.metadata.actor, pseudonym: 'mallory' } } }
        : event,
    )
    await apply(...rare)
    const expected = [rare[3_999]?.id, rare[7_999]?.id]
    const byIndex = await all({ conditions: [[{ column: 'actor', value: 'mallory' }]], hiddenTypes: [] })
    const byText = await all({ ...everything, text: 'Mallory' })
    expect([idsOf(byIndex.rows), idsOf(byText.rows)]).toEqual([expected, expected])
    expect((await all({ ...everything, text: 'nobody' })).more).toBe(false)
  })
})

test('the place of a time is that of the last event by then, though the clock stepped back', async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.integer({ min: -1, max: 51 }), async (events, second) => {
      const { apply, reader } = open()
      await apply(...events)
      const ms = Date.parse(atTime(second))
      let knownMs = 0
      let expected = -1
      for (const event of events.filter(isTold)) {
        knownMs = Math.max(knownMs, Date.parse(event.recordedAt))
        if (knownMs <= ms) expected = Number(event.position)
      }
      expect(positionAt(reader, ms)).toBe(expected)
    }),
    { numRuns: 100 },
  )
}, 60_000)
