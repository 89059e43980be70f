import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { LedgerUnavailable } from '../app/ports/ledger.ts'
import { NatsEventStream } from '../bus/nats/event-stream.ts'
import { Link } from '../bus/nats/link.ts'
import { startParts } from '../compose/stop.ts'
import type { Config } from '../config.ts'
import { StartError } from '../host/data-dir.ts'
import { createLog } from '../host/log.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import { ReadablePast } from '../ledger/past.ts'
import { republish } from '../relay/republish.ts'

const drainMs = 2_000

/** The position of `rebuild --bus --from POSITION`. Throws StartError. */
export const rebuildFrom = (args: string[]): bigint => {
  const { bus, from } = optionsOf(args)
  if (!bus) throw new StartError('rebuild needs to be told what: --bus')
  if (from === undefined) throw new StartError('rebuild needs to be told from where: --from POSITION')
  if (!/^\d{1,19}$/.test(from)) {
    throw new StartError(`--from: '${from}' is not a position of the ledger, a whole number from 0`)
  }
  return BigInt(from)
}

const optionsOf = (args: string[]) => {
  try {
    return parseArgs({ args, options: { bus: { type: 'boolean' }, from: { type: 'string' } } }).values
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Publishes the events from a position on again for external systems, beside a service that is running. Returns how many.
 * Throws StartError or BusUnavailable.
 */
export const rebuildBus = async (config: Config, from: bigint): Promise<number> => {
  const { eventstoreUrl, natsUrl, natsReplicas } = config
  if (eventstoreUrl === null) throw new StartError('rebuild needs the ledger of the API: EVENTSTORE_URL')
  if (natsUrl === null || natsUrl === 'spawn') throw new StartError('rebuild needs the bus of the API: NATS_URL')
  const log = createLog(config.logLevel)
  const { started, stop } = await startParts(async (stops) => {
    const link = await Link.open(natsUrl, log)
    stops.push(() => link.close(drainMs))
    const ledger = new EventStoreLedger(eventstoreUrl)
    stops.push(() => ledger.close())
    const stream = new NatsEventStream(link, natsReplicas)
    const past = new ReadablePast(ledger, log)
    return republish({ stream, past, mark: randomUUID() }, from).catch((error) => {
      throw error instanceof LedgerUnavailable ? new StartError(`the ledger cannot be read: ${error.message}`) : error
    })
  })
  await stop()
  return started
}
