import { vi } from 'vitest'

/** Runs work whose pauses are not waited for: time passes as fast as it is asked for. */
export const fastForward = async <Result>(work: () => Promise<Result>, ms = 10_000): Promise<Result> => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const [outcome] = await Promise.all([Promise.allSettled([work()]), vi.advanceTimersByTimeAsync(ms)])
    const [settled] = outcome
    if (settled.status === 'rejected') throw settled.reason
    return settled.value
  } finally {
    vi.useRealTimers()
  }
}
