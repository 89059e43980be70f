import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamName } from '../../src/domain/ids.ts'
import { EventStoreLedger } from '../../src/ledger/eventstore.ts'
import { newDirectory, type RunningNode, startNode } from '../embedded/support.ts'
import { newEvent } from '../support/events.ts'
import { tenantOf } from '../support/ids.ts'
import { queued } from '../support/run-events.ts'

/** The client's close gives up after 500 ms; what keeps it waiting is a read that nobody has finished. */
const closeMsMax = 250

let node: RunningNode

beforeAll(async () => {
  node = await startNode({ directory: newDirectory() })
})

afterAll(() => node.stop())

test('a client that has read the head and appended is closed at once', async () => {
  const ledger = new EventStoreLedger(node.url)
  const stream = streamName('run', tenantOf('acme'), 'one')
  await ledger.append(stream, -1n, [newEvent(queued())])
  expect(await ledger.head()).toBeGreaterThanOrEqual(0n)
  await ledger.head()
  expect(await ledger.readLast(stream)).toBeDefined()
  const startedMs = performance.now()
  await ledger.close()
  expect(performance.now() - startedMs).toBeLessThan(closeMsMax)
})
