import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { webhookWork } from '../../../projections/webhook-work.ts'
import { webhookMessages } from '../../../src/http/asyncapi/webhook-messages.ts'
import { Announcer } from '../../../src/processes/announcer.ts'
import { nowMs, openApi } from '../../support/api.ts'
import * as c from '../../support/run-commands.ts'

const ajv = new Ajv()
formats.default(ajv)
const payloads = new Map(
  Object.entries(webhookMessages).map(([name, each]) => [name, ajv.compile(each.payload as object)]),
)
/** The messages that a body fits. */
const fits = (body: unknown) => [...payloads].flatMap(([name, validate]) => (validate(body) ? [name] : []))

test('every message that is sent to a webhook fits one message of the document, and no other', async () => {
  const api = await openApi()
  const { commands, services, pump } = api
  const events = ['SUCCESS', 'FAILURE', 'CANCELED', 'DRIFT']
  const { body } = await api.post('/api/pipeline/webhooks', { url: 'https://receiver.example/', events })
  await api.post(`/api/pipeline/webhooks/${body.webhook_id}/test`)
  await api.run('good', c.startRun(1))
  for (const stage of api.ledger.all.flatMap(({ event }) =>
    event?.type === 'RunRequested' ? event.data.stages : [],
  )) {
    await api.say('good', c.startStage(stage), c.completeStage(stage))
  }
  await api.say('good', c.commitOutputs(), c.succeedRun(), c.recordDrift())
  await api.run('bad', c.startRun(1), c.failRun({ retryable: false }))
  await api.run('unwanted', c.cancelRun)
  await pump.settled()
  const announcer = new Announcer({
    commands,
    work: webhookWork(services.views),
    head: async () => -1n,
    viewsReach: async () => true,
    nowMs: () => nowMs,
  })
  await announcer.handle(api.ledger.all, -1n)
  const bodies = api.ledger.all.flatMap(({ event }) => (event?.type === 'DeliveryScheduled' ? [event.data.body] : []))
  const told = bodies.map((each) => [each.status ?? each.event, ...fits(each)])
  expect(told).toEqual([
    ['TEST', 'test'],
    ['SUCCESS', 'runEnded'],
    ['DRIFT', 'runDrifted'],
    ['FAILURE', 'runEnded'],
    ['CANCELED', 'runEnded'],
  ])
})

test('what none of them is, fits none', () => {
  expect(fits({ event: 'PIPELINE_COMPLETED', run_id: 'run_r', status: 'SUCCESS' })).toEqual([])
})
