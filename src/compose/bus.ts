import { join } from 'node:path'
import type { Bus } from '../app/ports/bus.ts'
import type { EventStream } from '../app/ports/event-stream.ts'
import type { Log } from '../app/ports/follower.ts'
import type { WorkerDirectory } from '../app/ports/worker-directory.ts'
import { version } from '../app/version.ts'
import { InProcessBus } from '../bus/in-process.ts'
import { keepNatsServer } from '../bus/kept-server.ts'
import type { Config } from '../config.ts'
import type { Stop } from './stop.ts'

export interface ComposedBus {
  bus: Bus
  /** What external systems read; null where the bus is in this process. */
  events: EventStream | null
  /** Where workers are found; null where the bus is in this process. */
  directory: WorkerDirectory | null
  isReachable(timeoutMs: number): Promise<boolean>
  /** Calls back when the bus has lost what it had taken: what is due is to be sent again. */
  onLost(handler: () => void): void
}

/** In this process without NATS_URL; with `spawn`, a server that is started beside the data. */
export const composeBus = async (config: Config, log: Log, stops: Stop[]): Promise<ComposedBus> => {
  if (config.natsUrl === null) {
    const bus = new InProcessBus(log, { ackWaitMs: config.runLeaseMs })
    stops.push(() => bus.close())
    return { bus, events: null, directory: null, isReachable: async () => true, onLost: () => undefined }
  }
  const { openNatsBus } = await import('../bus/nats/bus.ts')
  const bus = await openNatsBus({
    url: await natsUrl(config, config.natsUrl, log, stops),
    log,
    ackWaitMs: config.runLeaseMs,
    replicas: config.natsReplicas,
  })
  stops.push(() => bus.close())
  return {
    bus,
    events: bus.eventStream(),
    directory: bus.directory(version),
    isReachable: (timeoutMs) => bus.isReachable(timeoutMs),
    onLost: (handler) => {
      bus.onLost(handler)
    },
  }
}

const natsUrl = async (config: Config, url: string, log: Log, stops: Stop[]): Promise<string> => {
  if (url !== 'spawn') return url
  const { dataDir, executablePath } = config
  const server = await keepNatsServer({ storageDir: join(dataDir, 'nats'), executablePath, log })
  stops.push(() => server.stop())
  return server.url
}
