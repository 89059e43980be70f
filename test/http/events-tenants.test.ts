import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallRecorder } from '../../src/app/call-recorder.ts'
import { nowMs, openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { SseReader } from '../support/sse.ts'

const tokens = { alice: identityOf('alice'), bob: identityOf('bob', { tenants: [otherTenant] }) }
type Who = keyof typeof tokens
const tenants = { alice: tenant, bob: otherTenant }

const steps = fc.array(
  fc.record({
    who: fc.constantFrom<Who>('alice', 'bob'),
    what: fc.constantFrom('trigger', 'webhook', 'read', 'open'),
    filter: fc.constantFrom('', '&entity=run,webhook', '&entity=webhook&type=WebhookRegistered'),
  }),
  { minLength: 3, maxLength: 20 },
)

const openWorld = async (recentEvents: number) => {
  const api = await openApi({ tokens, open: false, recentEvents })
  const recorder = new CallRecorder({ commands: api.commands, log: api.log, replica: 'box', nowMs: () => nowMs })
  api.services.calls = recorder
  let drawn = 0
  const done = {
    trigger: (who: Who) =>
      api.post('/api/pipeline/trigger/flights', { batch_id: `b${drawn++}` }, { authorization: `Bearer ${who}` }),
    webhook: (who: Who) => {
      const body = { url: `https://${who}-${drawn++}.example/`, events: ['SUCCESS'] }
      return api.post('/api/pipeline/webhooks', body, { authorization: `Bearer ${who}` })
    },
    read: async (who: Who) => {
      await api.get('/api/pipeline/runs', { authorization: `Bearer ${who}` })
      await recorder.durable(tenants[who])
    },
  }
  const open = async (who: Who, filter: string) => {
    // Even of a position that another was given.
    const from = api.services.reads.positions.seal(-1n)
    const headers = { authorization: `Bearer ${who}` }
    return { who, reader: new SseReader(await api.app.request(`/events?after=${from}${filter}`, { headers })) }
  }
  return { done, open, ledger: api.ledger }
}

test("a stream tells a tenant's own events only, be they from before it was opened or after", async () => {
  const heard = { alice: 0, bob: 0 }
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(1, 4_096), async (story, recentEvents) => {
      const { done, open, ledger } = await openWorld(recentEvents)
      const streams = [await open('alice', ''), await open('bob', '')]
      for (const { who, what, filter } of story) {
        if (what === 'open') streams.push(await open(who, filter))
        else await done[what](who)
      }
      // The last of each is what every stream of his comes to, whatever it leaves out.
      const ends = { alice: await done.webhook('alice'), bob: await done.webhook('bob') }
      for (const { who, reader } of streams) {
        for (let subject = ''; subject !== ends[who].body.webhook_id; heard[who] += 1) {
          const [message] = await reader.take(1)
          if (!message) throw new Error('nothing was told')
          subject = message.data.subject
          expect([message.data.tenant, message.data.source]).toEqual([tenants[who], `/ledgerline/${tenants[who]}`])
          const told = ledger.all.find(({ id }) => id === message.data.id)
          expect(told?.stream.split(/[-.]/)[1]).toBe(tenants[who])
        }
        await reader.cancel()
      }
    }),
    { numRuns: 25 },
  )
  expect(Math.min(heard.alice, heard.bob)).toBeGreaterThan(50)
}, 120_000)
