import type { TenantId } from '../domain/ids.ts'
import type { Actor } from '../domain/metadata.ts'

/** Who calls, and for which tenant. */
export interface Principal {
  tenant: TenantId
  actor: Actor
}

/** One string for one principal of one tenant. */
export const principalKey = ({ tenant, actor }: Principal): string => `${tenant}/${actor.kind}/${actor.pseudonym}`
