import { put, type ReadDb, update, type View } from './projection.ts'

const checkpointsTable = 'checkpoints_v2'

type LogName = 'commands' | 'access'

/** A checkpoint of a log. `root`: 64 hex digits; `note`: the signed note, without the lines of witnesses. */
export interface CheckpointRow {
  tenant: string
  log: LogName
  size: number
  root: string
  note: string
  position: number
  recorded_at: string
  /** Signature lines of witnesses, one per line; empty when there is none. */
  cosignatures: string
  /** 1 when there were as many as were asked for. */
  witnessed: 0 | 1
}

/** How each tenant's logs were sealed, and who witnessed it. */
export const checkpointsView: View = {
  name: 'checkpoints',
  version: 2,
  tables: [checkpointsTable],
  schema: [
    `create table if not exists ${checkpointsTable} (
      tenant text, log text, size integer, root text, note text, position integer, recorded_at text,
      cosignatures text, witnessed integer, primary key (tenant, log, size)) without rowid`,
  ],
  handlers: {
    CheckpointSigned: ({ position, recordedAt, metadata: { tenant }, event: { data } }) => {
      const { log, size, root, note } = data
      const signed = { tenant, log, size, root, note, position: Number(position), recorded_at: recordedAt }
      return [put(checkpointsTable, { ...signed, cosignatures: '', witnessed: 0 })]
    },
    CheckpointCosigned: ({ metadata: { tenant }, event: { data } }) => {
      const { log, size, root, cosignatures, witnessed } = data
      const changes = { cosignatures: cosignatures.join('\n'), witnessed: witnessed ? 1 : 0 }
      return [update(checkpointsTable, { tenant, log, size, root }, changes)]
    },
  },
}

/** Undefined when none has been signed yet. */
export const newestCheckpoint = (db: ReadDb, tenant: string, log: LogName): CheckpointRow | undefined =>
  listCheckpoints(db, tenant, log, { below: null, limit: 1 })[0]

/** Newest first: those of fewer leaves than `below`, or all. */
export const listCheckpoints = (
  db: ReadDb,
  tenant: string,
  log: LogName,
  { below, limit }: { below: number | null; limit: number },
): CheckpointRow[] =>
  db.all<CheckpointRow>(
    `select * from ${checkpointsTable} where tenant = ? and log = ? and size < ? order by size desc limit ?`,
    tenant,
    log,
    below ?? Number.MAX_SAFE_INTEGER,
    limit,
  )
