import { describe, expect, test } from 'vitest'
import { logTotals } from '../../src/compose/log-totals.ts'
import type { LogHead } from '../../src/evidence/log/reader.ts'
import { ledgerEvents } from '../support/events.ts'
import { openViews } from '../support/views.ts'

const headOf = (id: number, size: number, over: Partial<LogHead> = {}): LogHead => ({
  ...{ id, tenant: 'acme', log: 'commands', size },
  ...over,
})

const watching = () => {
  const { apply, reader } = openViews()
  const clock = { ms: 0 }
  const heads: LogHead[] = []
  const broken = new Set<number>()
  const logs = { reader: { heads: () => heads }, sealer: { isBroken: (id: number) => broken.has(id) } }
  const totals = logTotals({ views: reader, logs }, () => clock.ms)
  let position = 0n
  const seal = async (size: number) => {
    const note = `ledger/acme\n${size}\n`
    const signed = { type: 'CheckpointSigned', data: { log: 'commands', size, root: 'ab'.repeat(32), note } } as const
    position += 10n
    await apply(...ledgerEvents([signed as never], { stream: 'checkpoint-acme.commands', from: position }))
  }
  /** What is seen so many seconds later. */
  const later = (seconds: number) => {
    clock.ms += seconds * 1_000
    return totals()
  }
  return { heads, broken, seal, later }
}

describe('of all logs there are', () => {
  test('leaves, those that are not sealed, and logs that differ', async () => {
    const { heads, broken, seal, later } = watching()
    await seal(4)
    heads.push(headOf(1, 10), headOf(2, 5, { tenant: 'other' }), headOf(3, 7, { log: 'access' }))
    broken.add(2)
    expect(later(1)).toMatchObject({
      leaves: { commands: 15, access: 7 },
      unsealed: { commands: 11, access: 7 },
      differing: { commands: 1, access: 0 },
    })
  })

  test('the seconds since leaves were first seen without a new checkpoint', async () => {
    const { heads, seal, later } = watching()
    heads.push(headOf(1, 10))
    const seconds = (passed: number) => later(passed).unsealedSeconds.commands
    expect([seconds(1), seconds(30), seconds(30)]).toEqual([0, 30, 60])
    await seal(4)
    expect([seconds(1), seconds(5)]).toEqual([0, 5])
    await seal(10)
    expect([seconds(1), seconds(3_600)]).toEqual([0, 0])
    heads[0] = headOf(1, 11)
    expect([seconds(1), seconds(2)]).toEqual([0, 2])
  })

  test('the same figures for all who ask within half a second', () => {
    const { heads, later } = watching()
    heads.push(headOf(1, 10))
    const first = later(1)
    heads[0] = headOf(1, 20)
    expect(later(0.4)).toBe(first)
    expect(later(0.2).leaves.commands).toBe(20)
  })
})
