import { join } from 'node:path'
import type { Bus } from '../app/ports/bus.ts'
import type { Log } from '../app/ports/follower.ts'
import { InProcessBus } from '../bus/in-process.ts'
import { openNatsBus } from '../bus/nats/bus.ts'
import { spawnNatsServer } from '../bus/spawn-server.ts'
import type { Config } from '../config.ts'
import type { Stop } from './stop.ts'

export interface ComposedBus {
  bus: Bus
  /** Calls back when the bus has lost what it had taken: what is due is to be sent again. */
  onLost(handler: () => void): void
}

/** In this process without NATS_URL; with `spawn`, a server that is started beside the data. */
export const composeBus = async (config: Config, log: Log, stops: Stop[]): Promise<ComposedBus> => {
  if (config.natsUrl === null) {
    const bus = new InProcessBus(log, { ackWaitMs: config.runLeaseMs })
    stops.push(() => bus.close())
    return { bus, onLost: () => undefined }
  }
  const bus = await openNatsBus({
    url: await natsUrl(config, config.natsUrl, stops),
    log,
    ackWaitMs: config.runLeaseMs,
  })
  stops.push(() => bus.close())
  return {
    bus,
    onLost: (handler) => {
      bus.onLost(handler)
    },
  }
}

const natsUrl = async ({ dataDir, executablePath }: Config, url: string, stops: Stop[]): Promise<string> => {
  if (url !== 'spawn') return url
  const server = await spawnNatsServer({ storageDir: join(dataDir, 'nats'), executablePath })
  stops.push(() => server.stop())
  return server.url
}
