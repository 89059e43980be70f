import { expect, test } from 'vitest'
import { BatchClient } from '../e2e/batch-client.ts'
import { pause } from '../e2e/service.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { openStack } from './stack.ts'

/** As an orchestrator would wait, and then kill. */
const graceMs = 30_000

test.skipIf(noNatsServer)(
  named('a service and a worker that are told to end end, though neither their ledger nor NATS is there any more'),
  async () => {
    const { nats, node, apis, workers } = await openStack(1, 1, {
      WORKER_CONCURRENCY: '2',
      SHUTDOWN_GRACE_MS: '2000',
      DRILL_BEFORE_PUBLISH_MS: '60000',
    })
    const [api] = apis
    if (!api) throw new Error('there is no API')
    // More than the worker takes up: each sweep looks after the others.
    for (let day = 0; day < 16; day += 1) await new BatchClient(api.url).triggered('drill-days', `day-${day}`)
    await nats.kill()
    await pause(2_500)
    await node.killGroup()
    await pause(1_500)
    const late = pause(graceMs).then(() => 'it has not ended')
    const ended = [...apis, ...workers].map((each) => Promise.race([each.stop(), late]))
    expect(await Promise.all(ended)).toEqual([0, 0])
  },
)
