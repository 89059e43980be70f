import { describe, expect, test } from 'vitest'
import {
  activeRuns,
  dueDeliveries,
  firingAlerts,
  openDeadLetters,
  pendingApprovals,
} from '../../projections/figures.ts'
import type { ReadDb } from '../../projections/projection.ts'
import { openApi } from '../support/api.ts'
import { openApprovalsApi } from '../support/approvals-api.ts'
import { deadLettersApi } from '../support/dead-letters-api.ts'
import { examples, ledgerEvents } from '../support/events.ts'
import { messagesOf } from '../support/messages.ts'
import * as c from '../support/run-commands.ts'
import { openViews } from '../support/views.ts'

describe('of what there is to do, the views count', () => {
  test('runs that have not ended, by status', async () => {
    const api = await openApi()
    expect(activeRuns(api.services.views)).toEqual({ queued: 0, running: 0, canceling: 0 })
    for (const id of ['a', 'b']) await api.run(id)
    await api.run('c', c.startRun(1))
    await api.run('d', c.startRun(1), c.cancelRun)
    await api.run('e', c.startRun(1), c.failRun({ retryable: false }))
    expect(activeRuns(api.services.views)).toEqual({ queued: 2, running: 1, canceling: 1 })
  })

  test('approvals that are waited for', async () => {
    const api = await openApprovalsApi()
    const { approvalId } = await api.open()
    await api.open()
    expect(pendingApprovals(api.services.views)).toBe(2)
    await api.say('greta', approvalId, 'reject')
    expect(pendingApprovals(api.services.views)).toBe(1)
  })

  test('dead letters that have not ended', async () => {
    const api = await deadLettersApi()
    await api.fails('a', 'b')
    expect(openDeadLetters(api.services.views)).toBe(2)
    const { entries } = await api.list()
    await api.decide(`/${String(entries[0]?.entry_id)}/discard`, { reason: 'known' })
    expect(openDeadLetters(api.services.views)).toBe(1)
  })

  test('messages to webhooks that are due', async () => {
    const api = await openApi()
    const { register, schedule, deliver } = messagesOf(api)
    const webhookId = await register()
    const first = await schedule(webhookId, 'a')
    await schedule(webhookId, 'b')
    await api.pump.settled()
    expect(dueDeliveries(api.services.views)).toBe(2)
    await deliver(first)
    await api.pump.settled()
    expect(dueDeliveries(api.services.views)).toBe(1)
  })

  test('alerts that nobody has seen to', async () => {
    const { apply, reader } = openViews()
    expect(firingAlerts(reader)).toBe(0)
    await apply(...ledgerEvents(examples.IntegrityAlertRaised))
    expect(firingAlerts(reader)).toBe(1)
  })

  test('going through an index of what is open, not through what has ended', () => {
    const { reader } = openViews()
    const plans: string[] = []
    const explaining: ReadDb = {
      get: (sql, ...parameters) => {
        plans.push(
          ...reader.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters).map((row) => row.detail),
        )
        return undefined
      },
      all: (sql, ...parameters) => {
        plans.push(
          ...reader.all<{ detail: string }>(`explain query plan ${sql}`, ...parameters).map((row) => row.detail),
        )
        return []
      },
    }
    for (const count of [activeRuns, pendingApprovals, dueDeliveries, openDeadLetters, firingAlerts]) count(explaining)
    const indexes = plans.flatMap((detail) => / USING (?:COVERING )?INDEX (\w+)/.exec(detail)?.[1] ?? [])
    expect(indexes.map((name) => name.replace(/_v\d+_/, ' '))).toEqual([
      'run_status active',
      'approvals open',
      'deliveries due',
      'dead_letters waiting',
      'alerts firing',
    ])
  })
})
