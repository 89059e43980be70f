import { randomUUID } from 'node:crypto'
import { CommandHandler } from './app/handle.ts'
import { composeBus } from './compose/bus.ts'
import { type Stop, startParts } from './compose/stop.ts'
import { startWorker } from './compose/worker.ts'
import type { Config } from './config.ts'
import { openDataDir, StartError } from './host/data-dir.ts'
import { createLog } from './host/log.ts'
import { instanceId } from './host/secrets.ts'
import { EventStoreLedger } from './ledger/eventstore.ts'

/**
 * A worker as a process of its own: it takes jobs from the bus and answers with commands to the ledger, so it needs both
 * of them, shared with the API. Returns how to stop it.
 */
export const work = async (config: Config): Promise<Stop> => {
  const { eventstoreUrl, natsUrl } = config
  if (eventstoreUrl === null) throw new StartError('a worker needs the ledger of the API: EVENTSTORE_URL')
  if (natsUrl === null || natsUrl === 'spawn') throw new StartError('a worker needs the bus of the API: NATS_URL')
  const log = createLog(config.logLevel)
  const { stop } = await startParts(async (stops) => {
    await openDataDir(config.dataDir)
    const ledger = new EventStoreLedger(eventstoreUrl)
    stops.push(() => ledger.close())
    const { bus } = await composeBus(config, log, stops)
    const commands = new CommandHandler(ledger)
    const worker = `${await instanceId(config.dataDir)}.${randomUUID()}`
    stops.push(startWorker(config, { commands, bus, log, worker, leaseMs: config.runLeaseMs, nowMs: Date.now }))
  })
  return stop
}
