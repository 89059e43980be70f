import type { Config } from '../config.ts'
import { localEngine } from '../engines/local/engine.ts'
import { steps } from '../engines/local/scoring/steps.ts'
import { samplesDir } from '../host/samples.ts'
import { Worker } from '../workers/worker.ts'
import type { Stop } from './stop.ts'

type Shared = Pick<ConstructorParameters<typeof Worker>[0], 'commands' | 'bus' | 'log' | 'worker' | 'leaseMs' | 'nowMs'>

/** A worker of the local engine, at work until it is stopped. */
export const startWorker = (config: Config, shared: Shared): Stop => {
  const engine = localEngine({ tenantsDir: config.tenantsDir, samplesDir: samplesDir(), steps })
  const worker = new Worker({
    ...shared,
    engine,
    rates: config.costRates,
    beforePublishMs: config.drillBeforePublishMs,
    concurrency: config.workerConcurrency,
    stopGraceMs: config.shutdownGraceMs,
  })
  worker.start()
  return () => worker.stop()
}
