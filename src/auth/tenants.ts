import { isUuid, must, parseTenantId, type TenantId } from '../domain/ids.ts'

/** A UUID in lower case, or undefined. */
export const parseUuid = (text: string): string | undefined => {
  const lower = text.toLowerCase()
  return isUuid(lower) ? lower : undefined
}

/** Which UUID of X-Tenant-ID stands for which tenant (the variable TENANTS). */
export class TenantDirectory {
  private readonly tenants = new Map<string, TenantId>()
  private readonly uuids = new Map<TenantId, string>()

  /** Tenants by UUID. */
  constructor(tenants: ReadonlyMap<string, string>) {
    for (const [text, name] of tenants) {
      const uuid = must(parseUuid(text), 'UUID')
      const tenant = must(parseTenantId(name), 'tenant')
      this.tenants.set(uuid, tenant)
      this.uuids.set(tenant, uuid)
    }
  }

  byUuid(uuid: string): TenantId | undefined {
    return this.tenants.get(uuid.toLowerCase())
  }

  uuidOf(tenant: TenantId): string | undefined {
    return this.uuids.get(tenant)
  }
}
