import { expect, test } from 'vitest'
import { InProcessBus } from '../../src/bus/in-process.ts'
import { busContract } from '../contracts/bus.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { SilentLog } from '../support/log.ts'
import { until } from '../support/waiting.ts'

busContract('in-process', (options) => new InProcessBus(new SilentLog(), options))

test('in-process: a dead letter and a consumer that failed are said to the operator', async () => {
  const log = new SilentLog()
  const bus = new InProcessBus(log, { ackWaitMs: 20, deliveriesMax: 1 })
  const consumed = new Consumed(() => Promise.reject(new Error('it broke')))
  bus.consume('fake', 1, consumed.handler)
  await bus.publish(jobFor('a'))
  await until(() => log.lines.length === 2)
  expect(log.lines).toEqual(['error: a consumer failed', 'error: a job became a dead letter'])
  await bus.close()
})

test('in-process: a control does not run within the call that sends it', async () => {
  const bus = new InProcessBus(new SilentLog())
  let heard = 0
  bus.onControl(() => {
    heard += 1
  })
  bus.sendControl({ kind: 'cancel', tenant: jobFor('a').tenant, runId: jobFor('a').runId })
  expect(heard).toBe(0)
  await until(() => heard === 1)
  await bus.close()
})
