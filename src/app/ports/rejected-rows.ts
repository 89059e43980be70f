import type { TenantId } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'

/** Part of a file of rows. */
export interface RowsRead {
  rows: JsonObject[]
  /** Rows that are too long to be shown, or no JSON. */
  leftOut: number
  /** Where to go on; null at the end. */
  next: number | null
}

export interface RejectedRowsReader {
  /** From a row on, counted from 0. `path` is relative to the tenant's directory; null when no such file is here. */
  read(tenant: TenantId, path: string, offset: number, limit: number): Promise<RowsRead | null>
}
