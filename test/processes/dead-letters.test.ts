import { describe, expect, test } from 'vitest'
import { contextOf } from '../support/contexts.ts'
import { openDeadLettering, rejectedBy } from '../support/dead-lettering.ts'
import { partitionOf } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'

describe('a run that failed for good', () => {
  test('is an entry, for the reason that it failed', async () => {
    const { fails, keep, entries, ledger } = await openDeadLettering()
    await fails('a')
    await keep()
    expect(entries()).toEqual([
      expect.objectContaining({
        ...{ source: 'run', pipeline: 'flights', runId: 'a', partition: 'p1', environment: 'dev', stage: 'extract' },
        ...{ code: 'STAGE_FAILED', reason: 'it broke', count: 1, payload: { kind: 'run', runId: 'a' } },
      }),
    ])
    const failure = ledger.stream('run-acme.a').find(({ type }) => type === 'RunFailed')
    const { metadata, stream } = ledger.all.find(({ type }) => type === 'DeadLetterRecorded') ?? {}
    expect(stream).toBe(`dlq-acme.${entries()[0]?.entryId}`)
    expect(metadata).toMatchObject({ origin: 'dead-letters', causationId: failure?.id })
  })

  test('and one that succeeds, is canceled or is tried again by itself is none', async () => {
    const { asks, say, succeeds, keep, stories } = await openDeadLettering()
    await succeeds('good')
    await asks('gone')
    await say('gone', c.startRun(), c.cancelRun, c.confirmCancel())
    await asks('again', { partition: partitionOf('p2') })
    await say('again', c.startRun(), c.failRun())
    await keep()
    expect(stories()).toEqual([])
  })

  test('is one entry, though replicas see it at the same time, and see it again', async () => {
    const { fails, keep, keeper, ledger, stories, pump } = await openDeadLettering()
    await fails('a')
    await pump.settled()
    const [seen, head] = [[...ledger.all], await ledger.head()]
    const replicas = [keeper(), keeper(), keeper()]
    await Promise.all(replicas.map((replica) => replica.handle(seen, head)))
    await Promise.all(replicas.map((replica) => replica.handle(seen, head)))
    await keep()
    expect(stories()).toEqual([['Recorded']])
  })
})

describe('what an entry is of, done again', () => {
  test('with success resolves it, and is said in the name of who asked for it', async () => {
    const { fails, succeeds, keep, stories, ledger } = await openDeadLettering()
    await fails('a')
    await keep()
    await succeeds('b', [], { replays: 'a' })
    await keep()
    expect(stories()).toEqual([['Recorded', 'Retried b', 'Resolved b']])
    const asked = ledger.stream('run-acme.b')[0]
    const retried = ledger.all.find(({ type }) => type === 'DeadLetterRetried')
    expect(retried?.metadata.actor).toEqual(asked?.metadata.actor)
    expect(retried?.metadata).toMatchObject({ causationId: asked?.id, occurredAt: asked?.metadata.occurredAt })
    expect(retried?.metadata.commandId).not.toBe(asked?.metadata.commandId)
  })

  test('without success opens it again, and is no entry of its own, however often', async () => {
    const { fails, keep, stories, succeeds, ledger } = await openDeadLettering()
    await fails('a')
    await keep()
    await fails('b', { replays: 'a' })
    await keep()
    await fails('c', { replays: 'b' })
    await keep()
    await succeeds('d', [], { replays: 'a' })
    await keep()
    const twice = ['Retried b', 'Reopened b', 'Retried c', 'Reopened c']
    expect(stories()).toEqual([['Recorded', ...twice, 'Retried d', 'Resolved d']])
    const reopened = ledger.all.find(({ type }) => type === 'DeadLetterReopened')?.event?.data
    expect(reopened).toMatchObject({ reason: 'it broke', found: { payload: { kind: 'run', runId: 'b' } } })
  })

  test('and canceled, or refused by who had to approve it, opens it again', async () => {
    const { fails, asks, say, keep, stories, ledger } = await openDeadLettering()
    await fails('a')
    await keep()
    await asks('b', { replays: 'a' })
    await keep()
    await say('b', c.startRun(), c.cancelRun, c.confirmCancel())
    await keep()
    const required = [{ role: 'governance', count: 1 }]
    const approval = { required, expiresAt: '2030-01-01T00:00:00.000Z' }
    await asks('c', { replays: 'a', approval, partition: partitionOf('p1') }).catch(async () => undefined)
    const requested = ledger.stream('run-acme.c')[0]?.event
    expect(stories()).toEqual([['Recorded', 'Retried b', 'Reopened b']])
    const approvalId = requested?.type === 'RunRequested' ? (requested.data.approval?.approvalId ?? '') : ''
    await say('c', { ...c.refuseRun, approvalId } as typeof c.refuseRun)
    await keep()
    expect(stories()[0]?.slice(3)).toEqual(['Retried c', 'Reopened c'])
    expect(ledger.all.at(-1)?.event?.data).toMatchObject({ reason: 'it was rejected', found: null })
  })

  test('is not overlooked when it was asked for before the last retry was known to have failed', async () => {
    const { fails, asks, keep, keeper, ledger, pump, stories } = await openDeadLettering()
    await fails('a')
    await keep()
    await fails('b', { replays: 'a' })
    const untilThen = [...ledger.all]
    await asks('c', { replays: 'a' })
    await pump.settled()
    const keeping = keeper()
    await keeping.handle(untilThen, await ledger.head())
    await pump.settled()
    await keeping.handle(ledger.all.slice(untilThen.length), await ledger.head())
    expect(stories()).toEqual([['Recorded', 'Retried b', 'Reopened b', 'Retried c']])
  })

  test('by other means, with success, resolves it; in another partition or environment it does not', async () => {
    const { fails, succeeds, keep, stories } = await openDeadLettering()
    await fails('a')
    await keep()
    await succeeds('elsewhere', [], { partition: partitionOf('p2') })
    await succeeds('staged', [], { environment: 'staging', pinned: { manifestHash: 'h1', overrides: [] } })
    await keep()
    expect(stories()).toEqual([['Recorded']])
    await succeeds('b')
    await keep()
    expect(stories()).toEqual([['Recorded', 'Resolved b']])
  })
})

describe('what nobody was there to see', () => {
  test('is said at the start: recorded, noted, opened again and resolved', async () => {
    const { fails, succeeds, schedules, attempt, keeper, keep, stories, pump, ledger } = await openDeadLettering()
    await fails('a')
    await fails('x', { partition: partitionOf('px') })
    await keep()
    await fails('b', { replays: 'a' })
    await succeeds('c')
    await fails('y', { partition: partitionOf('px'), replays: 'x' })
    await succeeds('r', [rejectedBy('known', 2, 'r')], { partition: partitionOf('pr') })
    await schedules('d1')
    await attempt('d1', 1, 'failed')
    await pump.settled()
    await keeper().start()
    expect(stories()).toEqual([
      ['Recorded', 'Retried b', 'Reopened b', 'Resolved c'],
      ['Recorded', 'Retried y', 'Reopened y'],
      ['Recorded'],
      ['Recorded'],
    ])
    await pump.settled()
    const before = ledger.appends.length
    await keeper().start()
    await keep()
    expect(ledger.appends).toHaveLength(before)
  })

  test('is said at the next time of asking when the ledger did not answer', async () => {
    const { fails, keeper, ledger, pump, stories } = await openDeadLettering()
    await fails('a')
    await pump.settled()
    const [seen, head, keeping] = [[...ledger.all], await ledger.head(), keeper()]
    ledger.isDown = true
    await expect(keeping.handle(seen, head)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    ledger.isDown = false
    await keeping.handle(seen, head)
    expect(stories()).toEqual([['Recorded']])
  })
})

test('what somebody has decided is not said over again in their name', async () => {
  const { fails, asks, keep, entries, decides, stories } = await openDeadLettering()
  await fails('a')
  await keep()
  const entryId = entries()[0]?.entryId ?? ''
  await decides({ type: 'DiscardDeadLetter', entryId, reason: 'known' })
  await keep()
  await asks('b', { replays: 'a' }, contextOf())
  await keep()
  expect(stories()).toEqual([['Recorded', 'Discarded']])
})
