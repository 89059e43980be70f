import { CloudEvent } from 'cloudevents'
import { expect, test } from 'vitest'
import { cloudEventOf, eventSubject } from '../../src/app/cloud-events.ts'
import { examples, ledgerEvents } from '../support/events.ts'
import { tenant } from '../support/ids.ts'

const inside = new Set([
  'LeaseTaken',
  'ApiCallsRecorded',
  'SubjectRegistered',
  'CheckpointSigned',
  'CheckpointCosigned',
  'LedgerNamed',
  'LogKeyAdded',
  'LegalHoldPlaced',
  'LegalHoldReleased',
  'SubjectErased',
])

const told = Object.values(examples)
  .flat()
  .filter(({ type }) => !inside.has(type))
  .flatMap((event) => {
    const entity =
      /^(Webhook|Delivery|Pipeline|Partition|Checkpoint|Alert)/.exec(event.type)?.[0].toLowerCase() ?? 'run'
    const events = ledgerEvents([event], { stream: `${entity}-${tenant}.some.thing` })
    return events.map((each) => ({ each, published: cloudEventOf(each) }))
  })

test('every event is a CloudEvent by the rules of the CloudEvents library', () => {
  expect(told.length).toBeGreaterThan(20)
  for (const { each, published } of told) {
    if (!published) throw new Error(`${each.type} is not published`)
    expect(new CloudEvent({ ...published.cloudEvent }, true).validate()).toBe(true)
    expect(published.cloudEvent).toMatchObject({
      id: each.id,
      source: `/ledgerline/${tenant}`,
      type: `ledgerline.${published.entity}.${each.type}`,
      subject: 'some.thing',
      time: each.recordedAt,
    })
  }
})

test('no signing secret leaves the ledger, not even sealed, and no raw position', () => {
  expect(JSON.stringify(told.map(({ each }) => each.event))).toContain('sealed:')
  expect(JSON.stringify(told.map(({ published }) => published))).not.toContain('sealed:')
  expect(JSON.stringify(told.map(({ published }) => published))).not.toContain('"between"')
})

test('records of calls, identities, leases and types of a later version stay inside', () => {
  const [event] = ledgerEvents(examples.RunQueued)
  if (!event) throw new Error('no example')
  for (const stream of [`access-${tenant}.day`, `subject-${tenant}.p`, `lease-${tenant}.relay`, 'foreign']) {
    expect(cloudEventOf({ ...event, stream })).toBe(null)
  }
  expect(cloudEventOf({ ...event, event: null })).toBe(null)
})

test('the subject has the tenant first', () => {
  expect(eventSubject(tenant, 'run', 'RunSucceeded')).toBe(`events.${tenant}.run.RunSucceeded`)
})
