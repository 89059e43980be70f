import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import type { Appended, Appending } from './appending.ts'
import { requestedOf } from './events.ts'

const ledger = new EventStoreLedger((workerData as { url: string }).url)

const append = async ({ firstRun, count, perSecond }: Appending): Promise<Appended> => {
  const times: Appended = []
  const prepared = Array.from({ length: count }, (_, index) => requestedOf(firstRun + index))
  const one = async ({ stream, event }: ReturnType<typeof requestedOf>): Promise<void> => {
    const called = process.hrtime.bigint()
    await ledger.append(stream, -1n, [event])
    times.push({ id: event.id, called, answered: process.hrtime.bigint() })
  }
  const startedAt = performance.now()
  const appending: Promise<void>[] = []
  while (appending.length < count) {
    const due = Math.min(count, ((performance.now() - startedAt) * perSecond) / 1_000)
    appending.push(...prepared.slice(appending.length, due).map(one))
    await sleep(1)
  }
  await Promise.all(appending)
  return times
}

parentPort?.on('message', async (asked: Appending) => parentPort?.postMessage(await append(asked)))
