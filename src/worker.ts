import { randomUUID } from 'node:crypto'
import { CommandHandler } from './app/handle.ts'
import { composeBus } from './compose/bus.ts'
import { type WorkerParts, workerMetrics } from './compose/metrics.ts'
import { reach } from './compose/reach.ts'
import { type Stop, startParts } from './compose/stop.ts'
import { composeWorker } from './compose/worker.ts'
import type { Config } from './config.ts'
import { openDataDir, StartError } from './host/data-dir.ts'
import { openHealthPort } from './host/health-port.ts'
import { createLog } from './host/log.ts'
import { instanceId } from './host/secrets.ts'
import { EventStoreLedger } from './ledger/eventstore.ts'

/**
 * A worker as a process of its own: it takes jobs from the bus and answers with commands to the ledger, so it needs both
 * of them, shared with the API. With a health port it tells there whether it reaches them. Returns how to stop it.
 */
export const work = async (config: Config, healthPort: number | null = null): Promise<Stop> => {
  const { eventstoreUrl, natsUrl } = config
  if (eventstoreUrl === null) throw new StartError('a worker needs the ledger of the API: EVENTSTORE_URL')
  if (natsUrl === null || natsUrl === 'spawn') throw new StartError('a worker needs the bus of the API: NATS_URL')
  const log = createLog(config.logLevel)
  const { stop } = await startParts(async (stops) => {
    await openDataDir(config.dataDir)
    const ledger = new EventStoreLedger(eventstoreUrl)
    stops.push(() => ledger.close())
    const { bus, directory, isReachable } = await composeBus(config, log, stops)
    const commands = new CommandHandler(ledger)
    const worker = `${await instanceId(config.dataDir)}.${randomUUID()}`
    const shared = { commands, bus, directory, log, worker, leaseMs: config.runLeaseMs, nowMs: Date.now }
    const { stats, start } = composeWorker(config, shared)
    if (healthPort !== null) {
      stops.push(await boundHealthPort(config.host, healthPort, { log, stats, ledger, isReachable }))
    }
    stops.push(await start())
  })
  return stop
}

const boundHealthPort = async (host: string, port: number, parts: WorkerParts): Promise<Stop> => {
  const missing = async () => {
    const { ledger, bus } = await reach(parts)
    return [...(ledger ? [] : ['ledger']), ...(bus ? [] : ['bus'])]
  }
  try {
    return await openHealthPort(host, port, missing, workerMetrics(parts))
  } catch (error) {
    throw new StartError(`--health-port: ${port} cannot be bound: ${error instanceof Error ? error.message : error}`)
  }
}
