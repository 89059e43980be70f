import { describe, expect, onTestFinished, test } from 'vitest'
import { erasedAfter } from '../../projections/subjects.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { streamName } from '../../src/domain/ids.ts'
import { Eraser } from '../../src/processes/eraser.ts'
import { ledgerEvents, newEvent } from '../support/events.ts'
import { otherTenant, tenant, tenantOf } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { SilentLog } from '../support/log.ts'
import { Pump } from '../support/pump.ts'
import { openViews } from '../support/views.ts'

const count = 1_203
const pseudonyms = Array.from({ length: count }, (_, n) => `p-${String(n).padStart(26, '0')}`)
const registered = (pseudonym: string): DomainEvent => ({
  type: 'SubjectRegistered',
  data: { pseudonym, identity: `sealed:1:p-${'a'.repeat(26)}:${'A'.repeat(40)}` },
})
const erased = (pseudonym: string): DomainEvent => ({
  type: 'SubjectErased',
  data: { pseudonym, reason: 'on request', ticket: null },
})

const opened = (erase: (pseudonym: string) => Promise<void> = async () => undefined) => {
  const { reader, apply } = openViews()
  const destroyed: string[] = []
  const eraser = new Eraser({
    erasedAfter: (after, countMax) =>
      erasedAfter(reader, after, countMax).map((row) => ({ ...row, tenant: tenantOf(row.tenant) })),
    erase: async (at, pseudonym) => {
      await erase(pseudonym)
      destroyed.push(`${at}/${pseudonym}`)
    },
    head: async () => 70n,
    log: new SilentLog(),
  })
  return { eraser, destroyed, apply }
}

describe('at the start', () => {
  test('every erasure of every tenant is applied again, and nobody else is erased', async () => {
    const { eraser, destroyed, apply } = opened()
    const [mine, theirs] = [pseudonyms.slice(0, 1_000), pseudonyms.slice(1_000)]
    const said = (at: typeof tenant, from: bigint, events: DomainEvent[]) =>
      apply(...ledgerEvents(events, { stream: `subject-${at}.p`, from, metadata: { tenant: at } }))
    await said(tenant, 0n, pseudonyms.map(registered))
    await said(tenant, 20_000n, mine.map(erased))
    await said(otherTenant, 40_000n, theirs.map(registered))
    await said(otherTenant, 60_000n, theirs.map(erased))
    await eraser.start()
    expect(destroyed.sort()).toEqual([
      ...mine.map((p) => `${tenant}/${p}`),
      ...theirs.map((p) => `${otherTenant}/${p}`),
    ])
  })

  test('it is no start when a key cannot be destroyed', async () => {
    const { eraser, apply } = opened(() => Promise.reject(new Error('EIO')))
    await apply(...ledgerEvents([registered('p-a'), erased('p-a')], { stream: `subject-${tenant}.p-a` }))
    await expect(eraser.start()).rejects.toThrow('EIO')
  })
})

describe('while it runs', () => {
  test('a key is destroyed when the ledger tells of it, however often that fails at first', async () => {
    let failures = 3
    const { eraser, destroyed } = opened(async () => {
      failures -= 1
      if (failures >= 0) throw new Error('EIO')
    })
    const ledger = new InMemoryLedger()
    const pump = new Pump(ledger, eraser)
    onTestFinished(() => pump.stop())
    const stream = streamName('subject', tenant, 'p-a')
    await ledger.append(stream, -1n, [newEvent(registered('p-a'))])
    await ledger.append(stream, 0n, [newEvent(erased('p-a'))])
    await pump.settled()
    expect(destroyed).toEqual([`${tenant}/p-a`])
    expect(await eraser.position()).toBe(70n)
  })
})
