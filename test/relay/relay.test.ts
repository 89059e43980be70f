import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '../../src/domain/events.ts'
import { Relay } from '../../src/relay/relay.ts'
import { examples, ledgerEvents } from '../support/events.ts'
import { RecordingBus } from '../support/recording-bus.ts'
import * as e from '../support/run-events.ts'

const relayed = async (...events: DomainEvent[]) => {
  const bus = new RecordingBus()
  const stored = ledgerEvents(events)
  await new Relay(bus, async () => 70n).handle(stored)
  return { bus, stored }
}

describe('the relay', () => {
  test('makes a job of what was queued, with what led to it', async () => {
    const { bus, stored } = await relayed(e.requested(), e.queued(3))
    expect(bus.jobs).toEqual([
      {
        id: 'r1.3',
        engine: 'fake',
        tenant: 'acme',
        runId: 'r1',
        attempt: 3,
        correlationId: 'request-1',
        causationId: stored[1]?.id,
      },
    ])
  })

  test('gives the same attempt the same job id, whoever sends it', async () => {
    const { bus } = await relayed(e.queued(2), e.cancelRequested(2, false))
    expect(bus.jobs.map(({ id }) => id)).toEqual(['r1.2', 'r1.2'])
  })

  test.each([
    ['a cancel', e.cancelRequested(2, true), 'cancel'],
    ['a pause', e.paused, 'pause'],
    ['a resume', e.resumed, 'resume'],
  ] as const)('tells whoever is at work of %s', async (_, event, kind) => {
    const { bus } = await relayed(event)
    expect(bus.controls).toEqual([{ kind, tenant: 'acme', runId: 'r1' }])
    expect(bus.jobs).toEqual([])
  })

  test('sends a worker to clean up a canceled run that none is at, unless none ever was', async () => {
    expect((await relayed(e.cancelRequested(2, false))).bus.jobs).toHaveLength(1)
    expect((await relayed(e.cancelRequested(1, false), e.canceled())).bus.jobs).toEqual([])
  })

  test('passes on nothing else', async () => {
    const relevant = ['RunQueued', 'RunCancelRequested', 'RunPaused', 'RunResumed']
    const others = Object.values(examples).flat()
    const { bus } = await relayed(...others.filter(({ type }) => !relevant.includes(type)))
    expect([bus.jobs, bus.controls]).toEqual([[], []])
  })

  test('passes over what this version does not know', async () => {
    const bus = new RecordingBus()
    const [unknown] = ledgerEvents([e.queued()])
    if (unknown) await new Relay(bus, async () => -1n).handle([{ ...unknown, event: null }])
    expect(bus.jobs).toEqual([])
  })

  test('begins at the head of the ledger: what was due before is not its work', async () => {
    expect(await new Relay(new RecordingBus(), async () => 70n).position()).toBe(70n)
  })

  test('has not handled its events when the bus did not take them', async () => {
    const bus = new RecordingBus()
    bus.isDown = true
    const relay = new Relay(bus, async () => -1n)
    await expect(relay.handle(ledgerEvents([e.queued()]))).rejects.toThrow('the bus is down')
    bus.isDown = false
    await relay.handle(ledgerEvents([e.queued()]))
    expect(bus.jobs).toHaveLength(1)
  })
})
