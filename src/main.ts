import { join } from 'node:path'
import type { Log } from './app/ports/follower.ts'
import type { composeAccess } from './compose/access.ts'
import { openDoor } from './compose/door.ts'
import { type Stop, startParts } from './compose/stop.ts'
import type { Config } from './config.ts'
import { DirectoryInUse, lockDirectory } from './embedded/store/lock.ts'
import { openDataDir, StartError } from './host/data-dir.ts'
import { createLog } from './host/log.ts'
import { startNodeProcess } from './host/node-process.ts'

export interface Running {
  url: string
  /** Finishes what is in flight and stops everything in reverse. */
  stop(): Promise<void>
}

/** Starts the whole of Ledgerline in this process. Throws StartError, NodeFailure or ConfigError, with nothing left. */
export const serve = async (config: Config, access?: typeof composeAccess): Promise<Running> => {
  const { started: url, stop } = await startParts((stops) => startAll(config, access, stops))
  return { url, stop }
}

const startAll = async (config: Config, access: typeof composeAccess | undefined, stops: Stop[]): Promise<string> => {
  const log = createLog(config.logLevel)
  const door = await openDoor(config)
  stops.push(() => door.close())
  await openDataDir(config.dataDir)
  stops.push(await lock(config.dataDir))
  // The ledger's own process starts while the service is being loaded, which takes as long.
  const [url, { startService }] = await Promise.all([ledgerUrl(config, log, stops), import('./compose/service.ts')])
  await startService(config, { log, door, url, access }, stops)
  return door.url
}

const lock = async (dir: string): Promise<Stop> => {
  try {
    const held = await lockDirectory(dir)
    return () => held.release()
  } catch (error) {
    if (error instanceof DirectoryInUse)
      throw new StartError(`the directory ${dir} is in use by another ledgerline process`)
    throw error
  }
}

const ledgerUrl = async (config: Config, log: Log, stops: Stop[]): Promise<string> => {
  if (config.eventstoreUrl) return config.eventstoreUrl
  const node = await startNodeProcess(join(config.dataDir, 'ledger'), log)
  stops.push(() => node.stop())
  return node.url
}
