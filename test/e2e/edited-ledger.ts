import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { checksum } from '../../src/embedded/store/record.ts'
import { blob, connect, integer } from '../../src/embedded/store/sql.ts'
import { type Stored, storedOf } from '../../src/ledger/stored.ts'

/**
 * Replaces bytes, by as many others, in the first event of a stream of a ledger that is stopped, and repairs its checksum:
 * the node serves it as if nothing had happened.
 */
export const editEvent = (dataDir: string, { id, from, to }: { id: string; from: string; to: string }): void => {
  if (Buffer.byteLength(from) !== Buffer.byteLength(to)) throw new Error('an edit must be as long as what it replaces')
  const db = connect(join(dataDir, 'ledger', 'ledger.db'))
  const rows = db.prepare('select position, stream, revision, type, created, record from events').all([])
  const row = rows.find(([, , , , , record]) => blob(record).includes(id) && blob(record).includes(from))
  if (!row) throw new Error(`no event ${id} with ${from}`)
  const [position = 0, stream = 0, revision = 0, type = 0, created = 0] = row.slice(0, 5).map(integer)
  const record = blob(row[5])
  record.write(to, record.lastIndexOf(from))
  const repaired = checksum(position, stream, revision, type, created, record)
  db.prepare('update events set record = ?, checksum = ? where position = ?').run([record, repaired, position])
  db.close()
}

/** What the ledger stores, with the official client. */
export const storedEvents = async (url: string): Promise<Stored[]> => {
  const client = EventStoreDBClient.connectionString(url)
  const events: Stored[] = []
  for await (const { event } of client.readAll())
    if (event && !event.streamId.startsWith('$')) events.push(storedOf(event))
  void client.dispose()
  return events
}
