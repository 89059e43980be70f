import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface Appending {
  /** Number of the first run; each event is the first one of a run of its own. */
  firstRun: number
  count: number
  perSecond: number
}

/** In nanoseconds of the machine's monotonic clock, which every thread shares. */
export type Appended = { id: string; called: bigint; answered: bigint }[]

/** Appends evenly from a thread of its own, so that who measures is not held up by who loads. */
export class Appender {
  private readonly worker: Worker

  constructor(url: string) {
    this.worker = new Worker(new URL('./appender-thread.js', import.meta.url), { workerData: { url } })
  }

  async append(appending: Appending): Promise<Appended> {
    this.worker.postMessage(appending)
    const [appended] = (await once(this.worker, 'message')) as [Appended]
    return appended
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }
}
