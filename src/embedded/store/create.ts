import { randomUUID } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { uuidBytes } from '../wire/uuid.ts'
import { checksum, encodeRecord } from './record.ts'
import { applicationId, formatVersion, tables } from './schema.ts'
import { type Connection, connect } from './sql.ts'
import { syncPath } from './sync.ts'

/**
 * Makes a ledger file, complete or not at all: it is built under another name. Like a real node's, a fresh ledger
 * holds a system event.
 */
export const createLedger = (file: string): void => {
  const draft = `${file}.new`
  for (const leftover of [draft, `${draft}-journal`, `${draft}-wal`, `${draft}-shm`]) rmSync(leftover, { force: true })
  const connection = connect(draft)
  connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`)
  connection.exec(`BEGIN; ${tables}`)
  insertFirstEvent(connection)
  connection.exec('COMMIT')
  connection.close()
  syncPath(draft)
  renameSync(draft, file)
  syncPath(dirname(file))
}

const insertFirstEvent = (connection: Connection): void => {
  const [streamName, typeName] = ['$node', '$node-created']
  const [stream, type, revision, position, created] = [1, 1, 0, 1, Date.now()]
  const event = {
    id: randomUUID(),
    type: typeName,
    isJson: true,
    data: Buffer.from(JSON.stringify({ nodeId: randomUUID(), format: formatVersion })),
    metadata: Buffer.alloc(0),
  }
  const record = encodeRecord(event, { stream: streamName, revision, position, created })
  const sum = checksum(position, stream, revision, type, created, record)
  connection.prepare('INSERT INTO streams VALUES (?, ?)').run([Buffer.from(streamName), stream])
  connection.prepare('INSERT INTO types VALUES (?, ?)').run([type, Buffer.from(typeName)])
  connection
    .prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run([position, stream, revision, type, created, uuidBytes(event.id), sum, record])
}
