import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { applicationId, formatVersion, tables } from './schema.ts'
import { asBlob, blob, type Connection, connect, sqliteCode } from './sql.ts'
import type { Verifier } from './verify.ts'
import { inspectWal, type WalContent } from './wal.ts'

const headerBytes = 100
const magic = Buffer.from('SQLite format 3\0')
const newestRecordsChecked = 512

/** The files are not what this node left there. The message is one plain sentence. */
export class DamagedLedger extends Error {
  constructor(file: string, what: string) {
    super(`The ledger ${file} is damaged (${what}); restore it from a backup.`)
  }
}

/**
 * Checks the files before SQLite opens them, because opening may already change them: header, page count against
 * file size, write-ahead log.
 */
export const checkFiles = (file: string): void => {
  const header = readHeader(file)
  if (!header.subarray(0, magic.length).equals(magic)) throw new DamagedLedger(file, 'it is not an SQLite file')
  if (header.readUInt32BE(68) !== applicationId) throw new DamagedLedger(file, 'it holds something else')
  const version = header.readUInt32BE(60)
  if (version > formatVersion)
    throw new Error(`The ledger ${file} has format ${version}, which is too new for this node.`)
  if (version < 1) throw new DamagedLedger(file, 'its format has no number')
  const wal = inspectWal(`${file}-wal`)
  if (wal.damage !== undefined) throw new DamagedLedger(file, wal.damage)
  const missing = missingPage(header, statSync(file).size, wal)
  if (missing !== undefined) throw new DamagedLedger(file, `it ends before page ${missing}`)
}

const readHeader = (file: string): Buffer => {
  const header = Buffer.alloc(headerBytes)
  const descriptor = openSync(file, 'r')
  const length = readSync(descriptor, header, 0, headerBytes, 0)
  closeSync(descriptor)
  if (length < headerBytes) throw new DamagedLedger(file, 'it ends within its header')
  return header
}

/** The first page that is neither in the file nor in the log. */
const missingPage = (header: Buffer, fileBytes: number, wal: WalContent): number | undefined => {
  const stored = header.readUInt16BE(16)
  const pageSize = stored === 1 ? 65536 : stored
  const pageCount = wal.pageCount ?? header.readUInt32BE(28)
  for (let page = Math.floor(fileBytes / pageSize) + 1; page <= pageCount; page++) {
    if (!wal.pages.has(page)) return page
  }
  return undefined
}

/** Checks the definitions of tables and indexes: a letter changed there would have SQLite read rows as others. */
export const checkSchema = (file: string, connection: Connection): void => {
  const intended = connect(':memory:')
  intended.exec(tables)
  const expected = definitions(intended)
  intended.close()
  if (definitions(connection) !== expected) throw new DamagedLedger(file, 'its tables are defined otherwise')
}

const definitions = (connection: Connection): string =>
  connection
    .prepare(`SELECT ${['type', 'name', 'tbl_name', 'sql'].map(asBlob).join()} FROM sqlite_schema`)
    .all([])
    .map((row) => row.map((value) => (value === null ? '' : blob(value).toString('latin1'))).join('\0'))
    .sort()
    .join('\n')

/** Checks the records written last, the likeliest to have suffered from a crash. */
export const checkNewest = (file: string, verifier: Verifier, newest: number): void => {
  const [damaged] = verifier.slice(newest - newestRecordsChecked, newestRecordsChecked).damaged
  if (damaged !== undefined) throw new DamagedLedger(file, `the record at position ${damaged}`)
}

/** What opening a ledger fails with, as its operator should read it. */
export const asDamage = (file: string, error: unknown): unknown =>
  sqliteCode(error) === undefined ? error : new DamagedLedger(file, 'its tables cannot be read')
