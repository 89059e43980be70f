import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runOf, tenant } from '../support/ids.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { compiledBus, NatsServer, named, noNatsServer, runChild } from '../support/nats-server.ts'
import { until } from '../support/waiting.ts'

/** Says each job that it gets, and is done with it after a while; says each control that it hears. */
const worker = `
const [, module, url] = process.argv
const { openNatsBus } = await import(module)
const quiet = () => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
const bus = await openNatsBus({ url, log, ackWaitMs: 500 })
const say = (line) => process.stdout.write(line + '\\n')
bus.onControl(({ kind, runId }) => say(kind + ' ' + runId))
bus.consume('fake', 1, async ({ job, deliveries, ack }) => {
  say(job.id + ' x' + deliveries)
  await new Promise((resolve) => setTimeout(resolve, 20))
  if (job.id !== 'forever.1' || deliveries > 1) ack()
  else await new Promise(() => undefined)
})
say('ready')
`

describe.skipIf(noNatsServer)(named('nats: workers in two processes'), () => {
  const two = async (server: NatsServer) => {
    const module = join(compiledBus(), 'nats/bus.js')
    const workers = [1, 2].map(() => runChild(worker, [module, server.url]))
    await until(() => workers.every(({ lines }) => lines().includes('ready')), 20_000)
    return workers.map(({ child, lines }) => ({ child, told: () => lines().filter((line) => line !== 'ready') }))
  }

  test('share the jobs: each is in one of them, once', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs: 500 })
    const [one, other] = await two(server)
    const runs = Array.from({ length: 20 }, (_, n) => `r${n}`)
    for (const run of runs) await bus.publish(jobFor(run))
    const told = () => [...(one?.told() ?? []), ...(other?.told() ?? [])]
    await until(() => told().length === 20)
    expect(told().sort()).toEqual(runs.map((run) => `${run}.1 x1`).sort())
    expect(Math.min(one?.told().length ?? 0, other?.told().length ?? 0)).toBeGreaterThan(4)
  })

  test('both hear a control', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    const workers = await two(server)
    bus.sendControl({ kind: 'cancel', tenant, runId: runOf('a.b') })
    await until(() => workers.every(({ told }) => told().includes('cancel a.b')))
  })

  test('pass on what one of them was at when it was killed; until then it is passed over everywhere', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs: 500 })
    const workers = await two(server)
    await bus.publish(jobFor('forever'))
    const holder = () => workers.find(({ told }) => told().includes('forever.1 x1'))
    await until(() => holder() !== undefined)
    await bus.publish(jobFor('forever'))
    holder()?.child.kill('SIGKILL')
    const heir = workers.find((each) => each !== holder())
    await until(() => heir?.told().includes('forever.1 x2') ?? false)
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    // Once it is done in the other process it may be sent again from here.
    await until(async () => {
      await bus.publish(jobFor('forever'))
      return [...consumed.told, ...(heir?.told() ?? [])].filter((told) => told === 'forever.1 x1').length > 0
    })
  })
})
