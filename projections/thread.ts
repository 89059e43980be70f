import { parentPort, workerData } from 'node:worker_threads'
import { allViews } from './index.ts'
import { ViewRunner } from './runner.ts'
import type { Answer, Request } from './threaded.ts'

/** The views' worker thread: `threaded.ts` talks to it. */
const { path } = workerData as { path: string }
const runner = new ViewRunner(path, allViews)

parentPort?.on('message', async ({ id, batch }: Request) => {
  const answer: Answer = { id, position: -1n, error: null }
  try {
    if (batch) await runner.apply(batch.events, batch.reached)
    answer.position = await runner.position()
  } catch (error) {
    answer.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  parentPort?.postMessage(answer)
})
