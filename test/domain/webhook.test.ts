import { describe, expect, test } from 'vitest'
import { type DeliveryCommand, deliveryDecider } from '../../src/domain/delivery/decide.ts'
import type { DeliveryEvent, DeliveryScheduled } from '../../src/domain/delivery/events.ts'
import { type WebhookCommand, webhookDecider } from '../../src/domain/webhook/decide.ts'
import type { WebhookEvent, WebhookSettings } from '../../src/domain/webhook/events.ts'
import { sentences } from '../support/decider.ts'
import { runOf } from '../support/ids.ts'
import { atTime } from '../support/run-events.ts'

const webhookId = 'w1'
const settings: WebhookSettings = { url: 'https://a.example/', events: ['SUCCESS'], pipelines: null }
const registered: WebhookEvent = { type: 'WebhookRegistered', data: { webhookId, ...settings, secret: 's1' } }
const rotated = (secret: string): WebhookEvent => ({
  type: 'WebhookSecretRotated',
  data: { webhookId, secret, oldUntil: atTime(60) },
})
const disabled: WebhookEvent = { type: 'WebhookDisabled', data: { webhookId, reason: 'gone' } }
const deleted: WebhookEvent = { type: 'WebhookDeleted', data: { webhookId } }
const remove: WebhookCommand = { type: 'DeleteWebhook', webhookId }
const disable: WebhookCommand = { type: 'DisableWebhook', webhookId, reason: 'gone' }
const change = (enabled: boolean, over: Partial<WebhookSettings> = {}): WebhookCommand => ({
  type: 'ChangeWebhook',
  webhookId,
  ...settings,
  ...over,
  enabled,
})
const enable = change(true)

describe('a webhook', () => {
  const { given } = sentences(webhookDecider)

  test('is registered once', () => {
    const register: WebhookCommand = { type: 'RegisterWebhook', webhookId, ...settings, secret: 's1' }
    given().when(register).thenHappens(registered)
    given(registered).when(register).thenNothing()
  })

  test('is changed, disabled and enabled', () => {
    const updated: WebhookEvent = { type: 'WebhookUpdated', data: { webhookId, ...settings, pipelines: [] } }
    const off: WebhookEvent = { type: 'WebhookDisabled', data: { webhookId, reason: 'switched off' } }
    given(registered)
      .when(change(true, { pipelines: [] }))
      .thenHappens(updated)
    given(registered)
      .when(change(false, { pipelines: [] }))
      .thenHappens(updated, off)
    given(registered).when(disable).thenHappens(disabled)
    given(registered, disabled).when(disable).thenNothing()
    given(registered).when(enable).thenNothing()
    given(registered, disabled).when(enable).thenHappens({ type: 'WebhookEnabled', data: { webhookId } })
  })

  test('signs with its old secret too until the time that a rotation gave it, and never with a third', () => {
    expect(given(registered, rotated('s2')).state().secrets).toEqual([
      { secret: 's2', until: null },
      { secret: 's1', until: atTime(60) },
    ])
    expect(
      given(registered, rotated('s2'), rotated('s3'))
        .state()
        .secrets.map(({ secret }) => secret),
    ).toEqual(['s3', 's2'])
  })

  test('that is deleted keeps no secret and answers to nothing but being deleted again', () => {
    given(registered).when(remove).thenHappens(deleted)
    given(registered, deleted).when(remove).thenNothing()
    given(registered, deleted).when(enable).thenRejects('WEBHOOK_NOT_FOUND')
    expect(given(registered, deleted).state()).toEqual({ status: 'deleted', settings: null, secrets: [] })
  })

  test('takes note of what is to be sent again, unless it would be given up at once', () => {
    const asked = { webhookId, choice: 'ALL' as const, between: { first: '10', last: '30' }, messages: 2, more: false }
    const ask: WebhookCommand = { type: 'RequestResend', ...asked }
    given(registered).when(ask).thenHappens({ type: 'WebhookResendRequested', data: asked })
    given(registered, disabled).when(ask).thenRejects('CONFLICT')
    given(registered, deleted).when(ask).thenRejects('WEBHOOK_NOT_FOUND')
    given().when(ask).thenRejects('WEBHOOK_NOT_FOUND')
  })

  test('that never was is not found', () => {
    for (const command of [remove, disable, enable]) given().when(command).thenRejects('WEBHOOK_NOT_FOUND')
  })
})

const deliveryId = 'd1'
const due: DeliveryScheduled = { deliveryId, webhookId, runId: runOf('r1'), body: {}, dueAt: atTime(0) }
const scheduled: DeliveryEvent = { type: 'DeliveryScheduled', data: due }
const result = { status: 500, durationMs: 1, error: null, response: null }
const failed = (attempt: number, nextAt: string | null = atTime(attempt)) => ({
  ...result,
  attempt,
  outcome: 'failed' as const,
  nextAt,
})
const attempted = (attempt: number, nextAt?: string | null): DeliveryEvent => ({
  type: 'DeliveryAttempted',
  data: { deliveryId, ...failed(attempt, nextAt) },
})
const attempt = (number: number, nextAt?: string | null): DeliveryCommand => ({
  type: 'RecordAttempt',
  deliveryId,
  ...failed(number, nextAt),
})
const taken = { ...result, attempt: 1, outcome: 'delivered' as const, status: 204, nextAt: null }
const delivered: DeliveryEvent = { type: 'DeliveryAttempted', data: { deliveryId, ...taken } }
const exhausted: DeliveryEvent = { type: 'DeliveryExhausted', data: { deliveryId, attempts: 1, error: 'answered 500' } }
const resend: DeliveryCommand = { type: 'ResendDelivery', deliveryId, at: atTime(99) }

describe('a delivery', () => {
  const { given } = sentences(deliveryDecider)

  test('is scheduled once', () => {
    given()
      .when({ type: 'ScheduleDelivery', ...due })
      .thenHappens(scheduled)
    given(scheduled)
      .when({ type: 'ScheduleDelivery', ...due })
      .thenNothing()
  })

  test('is tried again until it is taken', () => {
    given(scheduled).when(attempt(1)).thenHappens(attempted(1))
    given(scheduled)
      .when({ type: 'RecordAttempt', deliveryId, ...taken })
      .thenHappens(delivered)
    given(scheduled, delivered).when(attempt(2)).thenNothing()
  })

  test('has each attempt once, in order', () => {
    given(scheduled, attempted(1)).when(attempt(1)).thenNothing()
    given(scheduled, attempted(1)).when(attempt(3)).thenNothing()
  })

  test('is given up when no attempt is to follow', () =>
    given(scheduled).when(attempt(1, null)).thenHappens(attempted(1, null), exhausted))

  test('that is settled is sent again on request, with the whole schedule before it', () => {
    const resent: DeliveryEvent = { type: 'DeliveryResent', data: { deliveryId, dueAt: atTime(99) } }
    given(scheduled).when(resend).thenNothing()
    given(scheduled, delivered).when(resend).thenHappens(resent)
    given(scheduled, attempted(1, null), exhausted).when(resend).thenHappens(resent)
    expect(given(scheduled, attempted(1, null), exhausted, resent).state()).toMatchObject({
      status: 'pending',
      attempts: 1,
      round: 0,
    })
  })

  test('that never was is not found', () => {
    given().when(resend).thenRejects('DELIVERY_NOT_FOUND')
    given().when(attempt(1)).thenRejects('DELIVERY_NOT_FOUND')
  })
})
