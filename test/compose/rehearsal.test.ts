import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { rehearseWhenLarge } from '../../src/compose/rehearsal.ts'
import type { LogHead } from '../../src/evidence/log/reader.ts'
import { SilentLog } from '../support/log.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const headOf = (id: number, size: number): LogHead => ({ id, tenant: 'acme', log: 'commands', size })

const looking = (heads: () => LogHead[]) => {
  const rehearsed: number[] = []
  const log = new SilentLog()
  const stop = rehearseWhenLarge({ trees: { heads }, rehearse: ({ id }) => void rehearsed.push(id), log })
  return { rehearsed, log, stop }
}

test('bundles are rehearsed once, when a log is large', async () => {
  let size = 2_047
  const { rehearsed } = looking(() => [headOf(1, 10), headOf(2, size)])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(rehearsed).toEqual([])
  size = 2_048
  await vi.advanceTimersByTimeAsync(10_000)
  expect(rehearsed).toEqual([2])
})

test('trees that cannot be read are said once, and looked at again', async () => {
  let isBroken = true
  const { rehearsed, log } = looking(() => {
    if (isBroken) throw new Error('no such table')
    return [headOf(1, 5_000)]
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(log.lines).toEqual(['warn: the trees of evidence cannot be read'])
  isBroken = false
  await vi.advanceTimersByTimeAsync(2_000)
  expect(rehearsed).toEqual([1])
})

test('who has stopped looks no more', async () => {
  const { rehearsed, stop } = looking(() => [headOf(1, 5_000)])
  await stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(rehearsed).toEqual([])
})
