import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { asDamage, checkFiles, checkNewest, checkSchema, DamagedLedger } from './checks.ts'
import { createLedger } from './create.ts'
import { Events } from './events.ts'
import { Feed } from './feed.ts'
import { lockDirectory } from './lock.ts'
import { Purge } from './purge.ts'
import { ledgerFile } from './schema.ts'
import { startScrub } from './scrub.ts'
import { type Connection, connect } from './sql.ts'
import { Streams } from './streams.ts'
import { Types } from './types.ts'
import { Verifier } from './verify.ts'
import { Writer } from './writer.ts'

/** SQLite's page cache, in KiB; the operating system caches the rest. */
const pageCacheKiB = 16 * 1024

/** How long to wait for a backup or a check that runs beside this process. */
const busyMs = 2000

export interface Store {
  readonly types: Types
  readonly events: Events
  readonly streams: Streams
  readonly writer: Writer
  readonly feed: Feed
  /** Writes what is queued, then gives up the directory. */
  close(): void
}

/**
 * Opens the ledger of a directory, making it if there is none. When it refuses, for a directory in use or a damaged
 * ledger, the files are as they were; the caller is expected to exit.
 */
export const openStore = async (directory: string, warn: (message: string) => void): Promise<Store> => {
  const lock = await lockDirectory(directory)
  try {
    return open(join(directory, ledgerFile), warn, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

const open = (file: string, warn: (message: string) => void, release: () => void): Store => {
  if (!existsSync(file)) {
    if (existsSync(`${file}-wal`)) throw new DamagedLedger(file, 'it is gone, its write-ahead log is not')
    createLedger(file)
  }
  checkFiles(file)
  const connection = connect(file)
  const { parts, writer, feed, verifier } = assemble(file, connection)
  const isIdle = () => writer.idle
  const stopScrub = startScrub(verifier, feed.position, isIdle, (position) =>
    warn(`The record at position ${position} is damaged; reads of it will fail.`),
  )
  const stopPurge = new Purge(connection, parts.events, parts.streams).start(isIdle)
  return {
    ...parts,
    writer,
    feed,
    close: () => {
      stopScrub()
      stopPurge()
      writer.close()
      // libsql's close leaves the log where it is.
      connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([])
      connection.close()
      release()
    },
  }
}

const assemble = (file: string, connection: Connection) => {
  try {
    connection.exec(`PRAGMA cell_size_check = ON; PRAGMA busy_timeout = ${busyMs}`)
    checkSchema(file, connection)
    const [types, events] = [new Types(connection), new Events(connection)]
    const verifier = new Verifier(connection, types)
    checkNewest(file, verifier, events.newestPosition())
    connection.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${pageCacheKiB};
    `)
    const parts = { types, events, streams: new Streams(connection, events) }
    const feed = new Feed(events.newestPosition())
    return { parts, feed, verifier, writer: new Writer(connection, parts, (committed) => feed.publish(committed)) }
  } catch (error) {
    throw asDamage(file, error)
  }
}
