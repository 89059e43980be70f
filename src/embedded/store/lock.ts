import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, sqliteCode } from './sql.ts'

const lockFile = 'lock.db'
const predecessorWaitMs = 5000
const retryMs = 50

/** Another process holds the directory. */
export class DirectoryInUse extends Error {}

export interface DirectoryLock {
  release(): void
}

/**
 * The exclusive use of a directory: an open exclusive transaction on a file of its own. The operating system ends it
 * with the process, however that dies. A dying predecessor is given five seconds.
 */
export const lockDirectory = async (directory: string): Promise<DirectoryLock> => {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    throw new Error(`The directory ${directory} cannot be written to.`)
  }
  const connection = connect(join(directory, lockFile))
  const giveUpAt = Date.now() + predecessorWaitMs
  for (;;) {
    try {
      // Nothing is ever written through it: it needs no journal file.
      connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
      return { release: () => connection.close() }
    } catch (error) {
      if (!sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw error
    }
    if (Date.now() >= giveUpAt) throw new DirectoryInUse(`The directory ${directory} is in use by another process.`)
    await sleep(retryMs)
  }
}
