import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { BatchClient } from '../e2e/batch-client.ts'
import {
  commitsByRun,
  committedTargets,
  type Fact,
  filesBelow,
  overlaps,
  readLedger,
  unended,
} from '../e2e/ledger-facts.ts'
import { closeReceivers, receiver } from '../e2e/receiver.ts'
import { pause } from '../e2e/service.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { readEvents } from './events-stream.ts'
import { openStack, untilSo } from './stack.ts'

const rounds = Number(process.env.CHAOS_ROUNDS ?? 20)
const partitions = 10
const settleMs = 90_000
const published = /^(alert|approval|backfill|checkpoint|contract|delivery|dlq|partition|pipeline|run|webhook)-/

afterEach(closeReceivers)

/** Asks one API after the other for runs, whichever of them is up; returns what was acknowledged. */
const load = async (urls: () => string[], isOver: () => boolean): Promise<string[]> => {
  const acknowledged: string[] = []
  const user = async (day: number) => {
    for (let turn = day; !isOver(); turn += 1) {
      const url = urls()[turn % urls().length] ?? ''
      try {
        const response = await new BatchClient(url).trigger('drill-days', { batch_id: `day-${day}` })
        const body = (await response.json()) as { run_id: string }
        if (response.status === 200) acknowledged.push(body.run_id)
        else if (response.status !== 409 && response.status !== 503) throw new Error(JSON.stringify(body))
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
      }
      await pause(150)
    }
  }
  await Promise.all(Array.from({ length: partitions }, (_, day) => user(day)))
  return acknowledged
}

const idsByStream = (events: readonly { id: string; stream: string }[]): Map<string, string[]> => {
  const streams = new Map<string, string[]>()
  for (const { id, stream } of events) streams.set(stream, [...(streams.get(stream) ?? []), id])
  return new Map([...streams].sort())
}

/** Messages that came after the ledger knew them to be delivered. */
const sentAgain = (facts: readonly Fact[], messages: readonly { at: Date; id: string }[]): string[] => {
  const delivered = new Map<string, Date>()
  for (const { type, data, at } of facts) {
    if (type === 'DeliveryAttempted' && data.outcome === 'delivered') delivered.set(String(data.deliveryId), at)
  }
  return messages.filter(({ id, at }) => at > (delivered.get(id) ?? at)).map(({ id }) => id)
}

describe.skipIf(noNatsServer)(named('two APIs and two workers, killed one after the other'), () => {
  test(`${rounds} rounds of kill -9 under load lose nothing, do nothing twice and tell everything once`, async () => {
    const { dir, nats, node, apis, workers } = await openStack(2, 2, {
      DRILL_BEFORE_PUBLISH_MS: '60',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      WEBHOOK_RETRY_SCHEDULE: '0s,1s,1s,1s,1s,1s',
    })
    const { messages, url } = await receiver(() => 200)
    const body = JSON.stringify({ url, events: ['SUCCESS'] })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${apis[0]?.url}/api/pipeline/webhooks`, { method: 'POST', headers, body })

    let isOver = false
    const loading = load(
      () => apis.map((api) => api.url),
      () => isOver,
    )
    const victims = [workers[0], apis[0], nats, workers[1], apis[1], nats]
    for (let round = 0; round < rounds; round += 1) {
      await pause(500 + Math.random() * 1_000)
      const victim = victims[round % victims.length]
      await victim?.kill()
      await pause(Math.random() * 1_000)
      await victim?.start()
    }
    isOver = true
    const acknowledged = await loading

    let facts = await readLedger(node.url)
    const runsMs = await untilSo(async () => {
      facts = await readLedger(node.url)
      const scheduled = facts.filter(({ type }) => type === 'DeliveryScheduled').length
      const delivered = facts.filter(({ type, data }) => type === 'DeliveryAttempted' && data.outcome === 'delivered')
      return unended(facts).length === 0 && delivered.length === scheduled && scheduled > 0
    }, settleMs)
    const told = () => facts.filter(({ stream }) => published.test(stream))
    const eventsMs = await untilSo(async () => {
      facts = await readLedger(node.url)
      return (await readEvents(nats)).length >= told().length
    }, settleMs)
    for (const each of [...workers, ...apis]) expect(await each.stop()).toBe(0)
    facts = await readLedger(node.url)
    const events = await readEvents(nats)

    const committed = commitsByRun(facts)
    const counts = `${acknowledged.length} acknowledged runs, ${committed.size} committed, ${messages.length} webhooks`
    console.log(`${rounds} kills: ${counts}, ${events.length} events; settled after ${runsMs} and ${eventsMs} ms`)
    expect(acknowledged.length).toBeGreaterThan(rounds)
    const requested = new Set(facts.filter(({ type }) => type === 'RunRequested').map(({ data }) => data.runId))
    expect(acknowledged.filter((id) => !requested.has(id.replace(/^run_/, '')))).toEqual([])
    expect(overlaps(facts)).toEqual([])
    expect([...committed.values()].filter((commits) => commits !== 1)).toEqual([])
    const files = await filesBelow(join(dir, 'tenants', 'default'), 'drill')
    expect(new Map([...files].sort())).toEqual(new Map([...committedTargets(facts)].sort()))
    expect(idsByStream(events)).toEqual(idsByStream(told()))
    const sent = messages.map(({ at, headers: { 'webhook-id': id } }) => ({ at, id: String(id) }))
    expect(sentAgain(facts, sent)).toEqual([])
    const succeeded = facts.filter(({ type }) => type === 'RunSucceeded').length
    expect(new Set(sent.map(({ id }) => id)).size).toBe(succeeded)
  }, 480_000)
})
