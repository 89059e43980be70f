import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Identity } from './principal.ts'
import { parseUuid, type TenantDirectory } from './tenants.ts'

/**
 * The tenant that a call is for; `header` is X-Tenant-ID. Without it the credential's only tenant counts, unless the
 * dialect has the header `required`. Throws VALIDATION_FAILED, and FORBIDDEN for a tenant that is not granted.
 */
export const chooseTenant = (
  identity: Pick<Identity, 'tenants'>,
  header: string | undefined,
  directory: TenantDirectory,
  required: boolean,
): TenantId => {
  if (header !== undefined) return named(identity, header, directory)
  const [only, ...others] = identity.tenants
  if (required || only === undefined || others.length > 0) throw invalid('required')
  return only
}

const named = ({ tenants }: Pick<Identity, 'tenants'>, header: string, directory: TenantDirectory): TenantId => {
  const uuid = parseUuid(header)
  if (uuid === undefined) throw invalid('must be a UUID')
  const tenant = directory.byUuid(uuid)
  if (tenant !== undefined && tenants.includes(tenant)) return tenant
  // The same words for a tenant that does not exist: which tenants there are is nobody's business.
  throw new Rejection('FORBIDDEN', 'the token does not grant this tenant')
}

const invalid = (reason: string) =>
  new Rejection('VALIDATION_FAILED', `X-Tenant-ID: ${reason}`, { field: 'X-Tenant-ID' })
