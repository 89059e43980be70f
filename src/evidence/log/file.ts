import Database from 'libsql'

const busyMs = 5_000
/** Of 4 KiB. Each checkpoint makes the disk write all of it at once, and the ledger's own writes wait for that. */
const checkpointPages = 8_192

/**
 * The logs' trees, beside the views; built again from the ledger when they are lost. `leaves` knows which event is
 * which leaf and where in the ledger it stands; `tiles` holds the hashes of levels 0, 8, 16, … as they are served.
 */
const schema = [
  'create table if not exists logs (id integer primary key, tenant text, log text, size integer, peaks blob, unique (tenant, log))',
  'create table if not exists leaves (log integer, idx integer, event text, position integer, primary key (log, idx)) without rowid',
  'create unique index if not exists leaf_of_event on leaves (event)',
  'create table if not exists tiles (log integer, level integer, idx integer, hashes blob, primary key (log, level, idx)) without rowid',
  'create table if not exists reached (version integer primary key, position integer)',
]

/** Of the tables and of the leaf. A file of another version is built again. */
export const logVersion = 1

export const openLogFile = (path: string): Database.Database => {
  const db = new Database(path)
  db.pragma(`busy_timeout = ${busyMs}`)
  return db
}

export const createLogTables = (db: Database.Database): void => {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  for (const sql of schema) db.exec(sql)
}
