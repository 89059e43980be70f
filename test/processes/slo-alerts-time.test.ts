import { describe, expect, test } from 'vitest'
import { openAlerting } from '../support/alerting.ts'

const raised = 'raised dev success_rate breached'
const resolved = 'resolved success_rate'
const minutes = (count: number) => count * 60_000

test('a budget that burns away is told to be gone by the next sweep, once', async () => {
  const { manager, ends, seen, told, clock, shown } = await openAlerting({ success_rate: 0.8 })
  const watching = manager()
  for (let run = 0; run < 30; run += 1) await ends('good')
  clock.ms += minutes(5 * 24 * 60)
  for (let run = 0; run < 6; run += 1) await ends('failed')
  await seen(watching)
  await seen(watching, [])
  expect(told()).toEqual(['raised dev success_rate burning'])
  for (let run = 0; run < 3; run += 1) await ends('failed')
  await seen(watching)
  expect(shown()[0]?.severity).toBe('burning')
  clock.ms += minutes(1)
  await watching.tick()
  await seen(watching)
  expect(told()).toEqual(['raised dev success_rate burning', 'escalated dev success_rate breached'])
})

describe('as time passes', () => {
  test('what grows too old is told within a minute, and is over with the next success', async () => {
    const { manager, ends, seen, told, clock } = await openAlerting({ freshness_hours: 1 })
    const watching = manager()
    await ends('good')
    await seen(watching)
    clock.ms += minutes(59)
    await watching.tick()
    expect(told()).toEqual([])
    clock.ms += minutes(1)
    await watching.tick()
    expect(told()).toEqual(['raised dev freshness breached'])
    await ends('good')
    await seen(watching)
    expect(told()).toEqual(['raised dev freshness breached', 'resolved freshness'])
  })

  test('what never succeeded is told to be old, though its failures alone do not tell', async () => {
    const { manager, ends, seen, told, clock } = await openAlerting({ freshness_hours: 1 })
    const watching = manager()
    await watching.tick()
    await ends('failed')
    await seen(watching)
    expect(told()).toEqual([])
    clock.ms += minutes(1)
    await watching.tick()
    expect(told()).toEqual(['raised dev freshness breached'])
  })

  test('a failure that ran out of the last hour ends its alert, where a run has succeeded since', async () => {
    const { manager, ends, seen, told, clock } = await openAlerting({ success_rate: 0.99 })
    const watching = manager()
    await ends('failed')
    await seen(watching)
    clock.ms += minutes(30)
    await ends('good')
    await seen(watching)
    expect(told()).toEqual([raised])
    clock.ms += minutes(31)
    await watching.tick()
    expect(told()).toEqual([raised, resolved])
  })
})
