import { put, type ReadDb, type View } from './projection.ts'

const checkpointsTable = 'checkpoints_v1'

type LogName = 'commands' | 'access'

/** The newest checkpoint of a log. `root`: 64 hex digits; `note`: the signed note. */
export interface CheckpointRow {
  tenant: string
  log: LogName
  size: number
  root: string
  note: string
  position: number
  recorded_at: string
}

/** How far each tenant's logs are sealed. */
export const checkpointsView: View = {
  name: 'checkpoints',
  version: 1,
  tables: [checkpointsTable],
  schema: [
    `create table if not exists ${checkpointsTable} (
      tenant text, log text, size integer, root text, note text, position integer, recorded_at text,
      primary key (tenant, log)) without rowid`,
  ],
  handlers: {
    CheckpointSigned: ({ position, recordedAt, metadata: { tenant }, event: { data } }) => {
      const { log, size, root, note } = data
      const row: CheckpointRow = { tenant, log, size, root, note, position: Number(position), recorded_at: recordedAt }
      return [put(checkpointsTable, { ...row })]
    },
  },
}

/** Undefined when none has been signed yet. */
export const newestCheckpoint = (db: ReadDb, tenant: string, log: LogName): CheckpointRow | undefined =>
  db.get<CheckpointRow>(`select * from ${checkpointsTable} where tenant = ? and log = ?`, tenant, log)
