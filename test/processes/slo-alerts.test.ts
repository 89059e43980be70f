import { describe, expect, test } from 'vitest'
import { sloWork } from '../../projections/alert-work.ts'
import { pipelines } from '../../src/app/aggregates.ts'
import { pipelineIdOf } from '../../src/app/ids.ts'
import { openAlerting } from '../support/alerting.ts'
import { contextOf } from '../support/contexts.ts'
import { tenant } from '../support/ids.ts'

const raised = 'raised dev success_rate breached'
const resolved = 'resolved success_rate'

describe('a run that fails', () => {
  test('raises an alert of its pipeline, for the reason that it failed', async () => {
    const { ledger, manager, ends, seen, told, shown } = await openAlerting()
    const run = await ends('failed')
    await seen(manager())
    expect(told()).toEqual([raised])
    expect(shown()).toMatchObject([
      { kind: 'slo', state: 'firing', severity: 'breached', pipeline: 'flights', environment: 'dev' },
    ])
    const failure = ledger.stream(`run-acme.${run}`).find(({ type }) => type === 'RunFailed')
    expect(ledger.all.at(-1)).toMatchObject({
      stream: `alert-acme.slo-${pipelineIdOf(tenant, 'flights')}-dev-success_rate`,
      metadata: { origin: 'slo-alerts', causationId: failure?.id, correlationId: failure?.metadata.correlationId },
      event: {
        data: {
          detail: '1 of 1 runs failed in 30 days; 0.5 may (0.5 have to succeed)',
          figures: { actual: 0, burnRate: { lastHour: 2, lastSixHours: 2 }, budgetLeft: -0.5, ageHours: null },
        },
      },
    })
  })

  test('raises it once, though replicas see it at the same time, and see it again', async () => {
    const { manager, ends, seen, told, ledger } = await openAlerting()
    await ends('failed')
    const replicas = [manager(), manager(), manager()]
    const all = [...ledger.all]
    await Promise.all(replicas.map((replica) => seen(replica, all)))
    for (const replica of [...replicas, manager()]) await seen(replica, all)
    expect(told()).toEqual([raised])
  })

  test('raises none where nothing is asked for, and costs no look at the ledger', async () => {
    const { manager, ends, seen, told, ledger } = await openAlerting(null)
    await ends('failed')
    const reads = ledger.reads.length
    await seen(manager())
    expect([told(), ledger.reads.length]).toEqual([[], reads])
  })

  test('raises none of a replica that does not lead, and the one that leads later finds it', async () => {
    const { manager, ends, seen, told, clock } = await openAlerting()
    await ends('failed')
    let leads = false
    const replica = manager({ isLeader: () => leads })
    await seen(replica)
    expect(told()).toEqual([])
    leads = true
    clock.ms += 5_000
    await replica.tick()
    expect(told()).toEqual([raised])
  })

  test('raises it when the ledger answers again', async () => {
    const { manager, ends, seen, told, ledger, log } = await openAlerting()
    const replica = manager()
    await replica.tick()
    await ends('failed')
    ledger.isDown = true
    await seen(replica, [...ledger.all])
    expect(log.lines).toContain('warn: objectives are looked at again later')
    ledger.isDown = false
    await seen(replica, [])
    expect(told()).toEqual([raised])
  })
})

describe('an alert', () => {
  test('is over when runs succeed again, and is raised again by the next fault', async () => {
    const { manager, ends, seen, told, shown } = await openAlerting()
    const watching = manager()
    await ends('failed')
    await seen(watching)
    for (const [successes, state] of [
      [1, 'firing'],
      [2, 'resolved'],
    ] as const) {
      for (let run = 0; run < successes; run += 1) await ends('good')
      await seen(watching)
      expect(shown()[0]?.state).toBe(state)
    }
    for (let run = 0; run < 4; run += 1) await ends('failed')
    await seen(watching)
    expect(told()).toEqual([raised, resolved, raised])
    expect(shown().map(({ alert_id }) => alert_id.slice(-2))).toEqual(['-2', '-1'])
  })

  test('is not told by a replica that has measured what was before', async () => {
    const { manager, ends, seen, told, views } = await openAlerting()
    await ends('failed')
    const work = sloWork(views)
    const late = manager({ work: { ...work, alert: () => ({ raised: 0, open: null }) } })
    await seen(manager())
    for (let run = 0; run < 3; run += 1) await ends('good')
    await seen(manager())
    for (let run = 0; run < 9; run += 1) await ends('failed')
    await seen(late)
    expect(told()).toEqual([raised, resolved])
  })

  test('is over when its objective is taken away, or its pipeline deleted', async () => {
    const { manager, ends, seen, told, define, commands, pump, shown } = await openAlerting()
    const watching = manager()
    await ends('failed')
    await seen(watching)
    await define(null)
    await watching.stop()
    await seen(manager())
    expect(shown()[0]).toMatchObject({ state: 'resolved', resolved_detail: 'the objective is asked for no more' })
    await define({ success_rate: 0.5 })
    await seen(manager())
    const pipelineId = pipelineIdOf(tenant, 'flights')
    const command = { type: 'DeletePipeline' as const, pipelineId, ifMatch: null, reason: 'unused' }
    await commands.handle(pipelines, pipelineId, command, contextOf())
    await pump.settled()
    await seen(manager())
    expect(told()).toEqual([raised, resolved, raised, resolved])
  })

  test('of a run that takes too long is one of its own', async () => {
    const { manager, ends, seen, told } = await openAlerting({ max_duration_seconds: 60 })
    await ends('good', { seconds: 61 })
    await seen(manager())
    expect(told()).toEqual(['raised dev duration breached'])
  })
})

test('however many runs end, a pipeline is looked at once a second', async () => {
  const { manager, ends, ledger, clock, views } = await openAlerting({ success_rate: 0.01 })
  let looks = 0
  const work = sloWork(views)
  const past: typeof work.past = (...of) => {
    looks += 1
    return work.past(...of)
  }
  const watching = manager({ work: { ...work, past } })
  await watching.tick()
  const once = looks
  for (let run = 0; run < 20; run += 1) {
    await ends('good')
    await watching.handle(ledger.all.slice(-9), await ledger.head())
    await watching.tick()
  }
  expect(looks).toBe(once)
  clock.ms += 1_000
  await watching.tick()
  expect(looks).toBe(2 * once)
  clock.ms += 1_000
  await watching.tick()
  expect(looks).toBe(2 * once)
})
