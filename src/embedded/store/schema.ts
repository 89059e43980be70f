/** 'Ldgr' in ASCII: what tells our file from any other SQLite file. */
export const applicationId = 0x4c646772
/** The version of the tables below, kept as SQLite's `user_version`. */
export const formatVersion = 1
export const ledgerFile = 'ledger.db'

/**
 * `events.record` is a whole `ReadResp` message, so that serving an event is sending its bytes; the other columns
 * repeat what queries need. `events_by_id` makes idempotency outlive a restart; ids are not unique. A stream's last
 * revision is the greatest in `events_by_stream`: the newest event of a stream is never removed.
 *
 * A stream's number is the position of the first event in it, or, when its metadata came first, minus the position of
 * that. So a stream without a number has neither events nor metadata. `expiring` lists the streams with `$maxAge`.
 */
export const tables = `
  CREATE TABLE streams (name BLOB PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE types (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    type INTEGER NOT NULL,
    created INTEGER NOT NULL,
    id BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    record BLOB NOT NULL
  );
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
  CREATE INDEX events_by_id ON events (stream, id);
  CREATE TABLE expiring (stream INTEGER PRIMARY KEY);
`
