import { describe, expect, test } from 'vitest'
import { openDeadLettering, rejectedBy } from '../support/dead-lettering.ts'
import { partitionOf } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'

describe('rows that a check turned away', () => {
  test('are an entry of each check, once the run has succeeded', async () => {
    const { succeeds, asks, say, keep, entries, stories } = await openDeadLettering()
    await asks('a', { partition: partitionOf('p2') })
    await say('a', c.startRun(), c.startStage('extract'))
    await say('a', c.completeStage('extract', 1, { rejected: [rejectedBy('known', 2, 'a')] }))
    await keep()
    expect(stories()).toEqual([])
    await say('a', c.failRun({ retryable: false, stage: 'load' }))
    await succeeds('b', [rejectedBy('known', 3, 'b'), rejectedBy('fresh', 1, 'b'), rejectedBy('fine', 0, 'b')])
    await keep()
    expect(entries().map(({ source, runId, code, count }) => [source, runId, code, count])).toEqual([
      ['run', 'a', 'STAGE_FAILED', 1],
      ['rows', 'b', 'fresh', 1],
      ['rows', 'b', 'known', 3],
    ])
    expect(entries()[2]).toMatchObject({
      stage: 'extract',
      reason: 'known does not hold',
      payload: { kind: 'file', path: 'rejected/flights/b/known.ndjson', table: 'extract' },
    })
  })

  test('are opened again by a retry that turns some away again, and resolved by one that does not', async () => {
    const { succeeds, keep, stories, entries, ledger } = await openDeadLettering()
    await succeeds('a', [rejectedBy('known', 3, 'a'), rejectedBy('fresh', 1, 'a')])
    await keep()
    await succeeds('b', [rejectedBy('known', 2, 'b')], { replays: 'a' })
    await keep()
    expect(stories()).toEqual([
      ['Recorded', 'Retried b', 'Resolved b'],
      ['Recorded', 'Retried b', 'Reopened b'],
    ])
    const again = ledger.all.find(({ type }) => type === 'DeadLetterReopened')?.event?.data
    expect(again).toMatchObject({ found: { count: 2, payload: { path: 'rejected/flights/b/known.ndjson' } } })
    await succeeds('c', [], { replays: 'a' })
    await keep()
    expect(stories()[1]?.slice(3)).toEqual(['Retried c', 'Resolved c'])
    expect(entries()).toHaveLength(2)
  })

  test('are resolved by a later run by other means, whose own are another entry', async () => {
    const { succeeds, keep, stories } = await openDeadLettering()
    await succeeds('a', [rejectedBy('known', 3, 'a')])
    await keep()
    await succeeds('b', [rejectedBy('known', 2, 'b')])
    await keep()
    expect(stories()).toEqual([['Recorded', 'Resolved b'], ['Recorded']])
  })

  test('keep what they are of when the retry fails', async () => {
    const { succeeds, fails, keep, stories, ledger } = await openDeadLettering()
    await succeeds('a', [rejectedBy('known', 3, 'a')])
    await keep()
    await fails('b', { replays: 'a' })
    await keep()
    expect(stories()).toEqual([['Recorded', 'Retried b', 'Reopened b']])
    expect(ledger.all.find(({ type }) => type === 'DeadLetterReopened')?.event?.data).toMatchObject({ found: null })
  })
})

describe('a message that nobody took', () => {
  test('is an entry, with the run that it was about; a test message is of none', async () => {
    const { succeeds, schedules, attempt, keep, entries } = await openDeadLettering()
    await succeeds('a')
    await schedules('d1', 'a')
    await schedules('d2')
    for (const id of ['d1', 'd2']) await attempt(id, 1, 'failed')
    await keep()
    const base = { source: 'delivery', code: 'DELIVERY_EXHAUSTED', reason: 'it hung up' }
    expect(entries()).toEqual([
      expect.objectContaining({
        ...base,
        pipeline: 'flights',
        runId: 'a',
        payload: { kind: 'delivery', deliveryId: 'd1' },
      }),
      expect.objectContaining({ ...base, pipeline: null, runId: null }),
    ])
  })

  test('is tried again when it is sent again, opened again or resolved by what came of it', async () => {
    const { schedules, attempt, tells, keep, stories } = await openDeadLettering()
    await schedules('d1')
    await attempt('d1', 1, 'failed')
    await keep()
    await tells('d1', { type: 'ResendDelivery', deliveryId: 'd1', at: '2026-01-01T00:00:00.000Z' })
    await keep()
    await attempt('d1', 2, 'failed')
    await keep()
    await tells('d1', { type: 'ResendDelivery', deliveryId: 'd1', at: '2026-01-01T00:00:00.000Z' })
    await attempt('d1', 3, 'delivered')
    await keep()
    const twice = ['Retried d1', 'Reopened d1', 'Retried d1', 'Resolved d1']
    expect(stories()).toEqual([['Recorded', ...twice]])
  })

  test('and given up anew after its entry was discarded, is another entry', async () => {
    const { schedules, attempt, tells, keep, stories, entries, decides } = await openDeadLettering()
    await schedules('d1')
    await attempt('d1', 1, 'failed')
    await keep()
    await decides({ type: 'DiscardDeadLetter', entryId: entries()[0]?.entryId ?? '', reason: 'not needed' })
    await keep()
    await tells('d1', { type: 'ResendDelivery', deliveryId: 'd1', at: '2026-01-01T00:00:00.000Z' })
    await attempt('d1', 2, 'failed')
    await keep()
    expect(stories()).toEqual([['Recorded', 'Discarded'], ['Recorded']])
  })
})
