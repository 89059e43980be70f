import { expect, test } from 'vitest'
import { checkpointsView, listCheckpoints, newestCheckpoint } from '../../projections/checkpoints.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { ledgerEvents } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import { openViews } from '../support/views.ts'

type Log = 'commands' | 'access'
const rootOf = (size: number) => size.toString(16).padStart(64, '0')
const signed = (size: number, log: Log = 'commands'): DomainEvent => ({
  type: 'CheckpointSigned',
  data: { log, size, root: rootOf(size), note: `box/acme\n${size}\n` },
})
const cosigned = (size: number, names: string[], witnessed: boolean, root = rootOf(size)): DomainEvent => ({
  type: 'CheckpointCosigned',
  data: { log: 'commands', size, root, cosignatures: names.map((name) => `— ${name} AAAA`), witnessed },
})

const open = async (...events: DomainEvent[]) => {
  const { apply, reader } = openViews([checkpointsView])
  await apply(...ledgerEvents(events))
  const all = (below: number | null = null, limit = 100, log: Log = 'commands') =>
    listCheckpoints(reader, tenant, log, { below, limit })
  return { reader, all }
}

test('all checkpoints of a log are kept, newest first, and come in pages of those with fewer leaves', async () => {
  const { all, reader } = await open(signed(9), signed(3, 'access'), signed(10), signed(200), signed(1_000))
  const sizes = (...page: Parameters<typeof all>) => all(...page).map(({ size }) => size)
  expect(sizes()).toEqual([1_000, 200, 10, 9])
  expect(sizes(null, 2)).toEqual([1_000, 200])
  expect(sizes(200, 2)).toEqual([10, 9])
  expect(sizes(9)).toEqual([])
  expect(sizes(null, 100, 'access')).toEqual([3])
  expect(listCheckpoints(reader, 'other', 'commands', { below: null, limit: 9 })).toEqual([])
  expect(newestCheckpoint(reader, tenant, 'commands')?.size).toBe(1_000)
})

test('who cosigned a checkpoint is told with it, the last word counts, and no other is witnessed by it', async () => {
  const { all } = await open(
    signed(5),
    signed(7),
    cosigned(5, ['one'], false),
    cosigned(5, ['one', 'two'], true),
    signed(8),
    cosigned(8, ['one'], false),
  )
  expect(all().map(({ size, cosignatures, witnessed }) => [size, cosignatures, witnessed])).toEqual([
    [8, '— one AAAA', 0],
    [7, '', 0],
    [5, '— one AAAA\n— two AAAA', 1],
  ])
})

test('a cosignature of another tree of that size changes nothing', async () => {
  const { all } = await open(signed(5), cosigned(5, ['one'], true, rootOf(6)), cosigned(6, ['one'], true))
  expect(all()).toMatchObject([{ size: 5, cosignatures: '', witnessed: 0 }])
})
