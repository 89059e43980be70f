import { vi } from 'vitest'
import { Follower } from '../../src/ledger/follower.ts'
import type { FakeSource, Recorder } from './fake-source.ts'
import { SilentLog } from './log.ts'

/** With fake timers: lets time pass, and everything happen that waits for no timer. */
export const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** The positions of the first `count` events of a FakeSource. */
export const positions = (count: number): bigint[] =>
  Array.from({ length: count }, (_, index) => BigInt(index + 1) * 10n)

/** What a Recorder may do before it takes a batch. */
export const fail = (): never => {
  throw new Error('it broke')
}
export const dawdle = (ms: number) => () => new Promise<void>((resolve) => setTimeout(resolve, ms))

export const following = async (source: FakeSource, ...handlers: Recorder[]) => {
  const log = new SilentLog()
  const follower = new Follower(source, log)
  for (const handler of handlers) follower.add(handler)
  await follower.start()
  await passMs(1)
  return { follower, log }
}
