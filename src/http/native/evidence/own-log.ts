import type { Context } from 'hono'
import type { LogName } from '../../../app/ports/evidence.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { TenantId } from '../../../domain/ids.ts'
import type { Env } from '../../context.ts'

/** What all operations of a log have in common. */
export const read = {
  method: 'get',
  action: 'ReadEvidence',
  kind: 'query',
  recordedFirst: true,
  publicBy: 'tenant',
} as const
export const tenantParameter = { tenant: "the tenant's name" }

/** Which log a summary speaks of. */
export const named = (log: LogName): string => (log === 'access' ? "the log of the tenant's calls" : "the tenant's log")

export const noLog = (tenant: string) => new Rejection('LOG_NOT_FOUND', `there is no log of '${tenant}'`)

/** Another's log is answered as one that does not exist. */
export const ownTenant = (c: Context<Env>): TenantId => {
  const { tenant } = c.get('principal')
  const { tenant: asked = '' } = c.get('params')
  if (asked !== tenant) throw noLog(asked)
  return tenant
}
