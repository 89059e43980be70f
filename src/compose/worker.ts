import { hostname } from 'node:os'
import { runLogs } from '../app/aggregates.ts'
import type { WorkerDirectory, WorkerStats } from '../app/ports/worker-directory.ts'
import type { Config } from '../config.ts'
import { localEngine } from '../engines/local/engine.ts'
import { steps } from '../engines/local/scoring/steps.ts'
import { samplesDir } from '../host/samples.ts'
import { Worker } from '../workers/worker.ts'
import type { Stop } from './stop.ts'

type Deps = Pick<ConstructorParameters<typeof Worker>[0], 'commands' | 'bus' | 'log' | 'worker' | 'leaseMs' | 'nowMs'>
export type WorkerShared = Deps & { directory: WorkerDirectory | null }

const daySeconds = 86_400

/** A worker of the local engine: from `start` on it is at work, and to be found, until it is stopped. */
export const composeWorker = (
  config: Config,
  { directory, ...shared }: WorkerShared,
): { stats(): WorkerStats; start(): Promise<Stop> } => {
  const engine = localEngine({ tenantsDir: config.tenantsDir, samplesDir: samplesDir(), steps })
  const worker = new Worker({
    ...shared,
    engine,
    runLogs: { ...runLogs, keepSeconds: config.runLogDays * daySeconds },
    rates: config.costRates,
    beforePublishMs: config.drillBeforePublishMs,
    concurrency: config.workerConcurrency,
    stopGraceMs: config.shutdownGraceMs,
  })
  const card = {
    engine: engine.name,
    instance: shared.worker,
    concurrency: config.workerConcurrency,
    host: hostname(),
    pid: process.pid,
  }
  const stats = () => worker.stats()
  const start = async (): Promise<Stop> => {
    worker.start()
    const withdraw = await directory?.announce(card, stats)
    return async () => {
      await worker.stop()
      await withdraw?.()
    }
  }
  return { stats, start }
}
