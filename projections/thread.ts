import { parentPort, workerData } from 'node:worker_threads'
import { allViews } from './index.ts'
import { ViewRunner } from './runner.ts'
import type { Answer, Request } from './threaded.ts'

/** The views' worker thread: `threaded.ts` talks to it. */
const { path } = workerData as { path: string }

/** SQLite's errors do not survive the way between threads whole; their words do. */
const inWords = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? `${error.code}: ` : ''
  return `${code}${error.stack ?? error.message}`
}

const openRunner = (): ViewRunner => {
  try {
    return new ViewRunner(path, allViews)
  } catch (error) {
    throw new Error(`the views in ${path} cannot be opened: ${inWords(error)}`)
  }
}

const runner = openRunner()

parentPort?.on('message', async ({ id, batch }: Request) => {
  const answer: Answer = { id, position: -1n, error: null }
  try {
    if (batch) await runner.apply(batch.events, batch.reached)
    answer.position = await runner.position()
  } catch (error) {
    answer.error = inWords(error)
  }
  parentPort?.postMessage(answer)
})
