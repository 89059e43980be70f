import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandHandler } from '../app/handle.ts'
import type { Config } from '../config.ts'
import { DirectoryInUse, lockDirectory } from '../embedded/store/lock.ts'
import { openDataDir, StartError } from '../host/data-dir.ts'
import { createLog } from '../host/log.ts'
import { startNodeProcess } from '../host/node-process.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import { type Stop, startParts } from './stop.ts'

const addressFile = (dataDir: string): string => join(dataDir, 'ledger-address')

/** Says where the embedded ledger of a directory listens, and whose it is: for commands beside the service. */
export const announceLedger = async (dataDir: string, url: string): Promise<Stop> => {
  await writeFile(addressFile(dataDir), `${url} ${process.pid}\n`, { mode: 0o600 })
  return () => rm(addressFile(dataDir), { force: true })
}

interface Access {
  ledger: EventStoreLedger
  commands: CommandHandler
}

/** Does something with the ledger of this configuration, whether or not a service is running on it. Throws StartError. */
export const withLedger = async <Result>(config: Config, act: (access: Access) => Promise<Result>): Promise<Result> => {
  const { started, stop } = await startParts(async (stops) => {
    const ledger = new EventStoreLedger(await ledgerUrl(config, stops))
    stops.push(() => ledger.close())
    return { ledger, commands: new CommandHandler(ledger) }
  })
  try {
    return await act(started)
  } finally {
    await stop()
  }
}

const ledgerUrl = async ({ eventstoreUrl, dataDir, logLevel }: Config, stops: Stop[]): Promise<string> => {
  const url = eventstoreUrl ?? (await announced(dataDir))
  if (url !== null) return url
  await openDataDir(dataDir)
  try {
    const lock = await lockDirectory(dataDir)
    stops.push(() => lock.release())
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error
    throw new StartError(`the directory ${dataDir} is in use by a service that is starting: try again`)
  }
  const node = await startNodeProcess(join(dataDir, 'ledger'), createLog(logLevel))
  stops.push(() => node.stop())
  return node.url
}

/** Null when the service that said it is gone. */
const announced = async (dataDir: string): Promise<string | null> => {
  const text = await readFile(addressFile(dataDir), 'utf8').catch(() => '')
  const [url = '', pid = ''] = text.trim().split(' ')
  return url.startsWith('esdb://') && isAlive(Number(pid)) ? url : null
}

const isAlive = (pid: number): boolean => {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}
