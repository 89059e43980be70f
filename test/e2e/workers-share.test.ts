import { describe, expect, test } from 'vitest'
import { named, noNatsServer } from '../support/nats-server.ts'
import { openStack } from './worker-stack.ts'

const runs = 64
const workerNames = ['one', 'two']

/**
 * How long so many equal runs take a number of workers, from the first start to the last end by the ledger's clock. All
 * workers are there before the first run is.
 */
const measured = async (workers: number) => {
  const { client, startWorker } = await openStack({ RATE_LIMIT_BURST: '100000' })
  for (const name of workerNames.slice(0, workers)) await startWorker(name)
  const ids = await Promise.all(Array.from({ length: runs }, (_, n) => client.triggered('drill-sleep', `share-${n}`)))
  for (const id of ids) expect((await client.finished(id, 120_000)).status).toBe('SUCCESS')
  const events = (await Promise.all(ids.map((id) => client.history(id)))).flat()
  const timesOf = (type: string) =>
    events.filter((event) => event.type === type).map(({ recorded_at }) => Date.parse(recorded_at))
  const starts = events.filter(({ type }) => type === 'RunStarted')
  const workersSeen = starts.map(({ data }) => data.worker)
  return {
    ms: Math.max(...timesOf('RunSucceeded')) - Math.min(...timesOf('RunStarted')),
    starts: starts.length,
    shares: [...new Set(workersSeen)].map((worker) => workersSeen.filter((each) => each === worker).length),
  }
}

describe.skipIf(noNatsServer)(named('two workers'), () => {
  test('need little more than half the time of one, for they share the runs evenly and start each once', async () => {
    const one = await measured(1)
    const two = await measured(2)
    const ratio = two.ms / one.ms
    console.log(
      `${runs} runs of 0.4 s, 2 at a time: one worker ${one.ms} ms, two ${two.ms} ms (${two.shares.join(' + ')} runs), ratio ${ratio.toFixed(3)}`,
    )
    expect([one.starts, two.starts]).toEqual([runs, runs])
    expect(one.shares).toEqual([runs])
    // Even shares halve the time, whatever a run costs beside its sleep, as long as the machine is not the limit.
    expect(Math.max(...two.shares)).toBeLessThanOrEqual(runs * 0.6)
    expect(ratio).toBeLessThan(0.65)
  }, 240_000)
})
