import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Usage } from '../../src/app/ports/bus.ts'
import type { Principal } from '../../src/auth/principal.ts'
import { Rejection } from '../../src/domain/codes.ts'
import type { Env } from '../../src/http/context.ts'
import { RateLimits } from '../../src/http/limits.ts'
import { type UsageBus, usageToldWithinMs } from '../../src/http/shared-usage.ts'
import { tenant } from '../support/ids.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

const delayMs = usageToldWithinMs + 100
const principalOf = (pseudonym: string): Principal => ({
  tenant,
  actor: { pseudonym, kind: 'service', roles: ['operator'], authMethod: 'test' },
  plan: null,
})

/** A replica that only counts. */
const replicaOf = (bus: UsageBus, hour = 100) => {
  const limits = new RateLimits({ hour, burst: 1_000 })
  onTestFinished(limits.share(bus))
  const app = new Hono<Env>()
  app.get('/:who', async (c) => {
    await limits.take(c, principalOf(c.req.param('who')), false, Date.now())
    return c.text('ok')
  })
  app.onError((error, c) => c.text('', error instanceof Rejection && error.code === 'RATE_LIMITED' ? 429 : 500))
  const ask = (who = 'agent') => app.request(`/${who}`)
  return { ask, remaining: async (who?: string) => Number((await ask(who)).headers.get('x-ratelimit-remaining')) }
}

/** Buses that hear each other, and all that was said on them. */
const joined = (): { buses: [UsageBus, UsageBus]; said: Usage[][] } => {
  const said: Usage[][] = []
  const listening: ((usage: readonly Usage[]) => void)[][] = [[], []]
  const busOf = (own: number): UsageBus => ({
    sendUsage: (usage) => {
      said.push([...usage])
      for (const handler of listening[1 - own] ?? []) handler(structuredClone(usage))
    },
    onUsage: (handler) => {
      listening[own]?.push(handler)
      return () => void listening[own]?.splice(0)
    },
  })
  return { buses: [busOf(0), busOf(1)], said }
}

const letThrough = async (asked: (Response | Promise<Response> | undefined)[]): Promise<number> =>
  (await Promise.all(asked)).filter((response) => response?.status === 200).length

/** What is true of two replicas that are joined, however they are. */
const shared = (open: () => Promise<[UsageBus, UsageBus]>) => {
  test('both let through no more than the limit, and what fits into the delay', async () => {
    const [one, two] = (await open()).map((bus) => replicaOf(bus))
    const roundMs = 20
    let passed = 0
    for (let round = 0; round < 130; round += 1) {
      passed += await letThrough([one?.ask(), two?.ask()])
      await sleep(roundMs)
    }
    expect(passed).toBeGreaterThanOrEqual(100)
    expect(passed).toBeLessThanOrEqual(100 + (2 * delayMs) / roundMs)
    await sleep(delayMs)
    expect(await letThrough([one?.ask(), two?.ask()])).toBe(0)
  })

  test('the headers of one tell of the calls to the other, once it has been told', async () => {
    const [one, two] = (await open()).map((bus) => replicaOf(bus))
    for (let n = 0; n < 30; n += 1) await one?.ask()
    await sleep(delayMs)
    expect(await two?.remaining()).toBe(69)
    expect(await two?.remaining('another')).toBe(99)
    await sleep(delayMs)
    expect(await one?.remaining()).toBe(68)
  })
}

describe('two replicas on a bus', () => {
  shared(async () => joined().buses)

  test('say nothing while nobody calls, and one word for all calls of a moment', async () => {
    const { buses, said } = joined()
    const [one] = buses.map((bus) => replicaOf(bus))
    await sleep(delayMs)
    expect(said).toEqual([])
    for (let n = 0; n < 50; n += 1) await one?.ask(n % 2 === 0 ? 'agent' : 'other')
    await until(() => said.length > 0)
    expect(said).toHaveLength(1)
    expect(said[0]?.map(({ bucket, points }) => [bucket, points])).toEqual([
      ['none', 25],
      ['none', 25],
    ])
  })

  test('name nobody', async () => {
    const { buses, said } = joined()
    const [one] = buses.map((bus) => replicaOf(bus))
    await one?.ask('agent-smith')
    await until(() => said.length > 0)
    expect(JSON.stringify(said)).not.toMatch(/smith|acme/)
    expect(said[0]?.[0]?.key).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('do not tell of calls that were refused', async () => {
    const { buses, said } = joined()
    const [one] = buses.map((bus) => replicaOf(bus, 3))
    for (let n = 0; n < 9; n += 1) await one?.ask()
    await until(() => said.length > 0)
    expect(said.flat().map(({ points }) => points)).toEqual([3])
  })
})

describe.skipIf(noNatsServer)(named('two replicas on NATS'), () => {
  shared(async () => {
    const server = await NatsServer.start()
    return [await server.bus(), await server.bus()]
  })
})
