import type { TenantId } from '../domain/ids.ts'
import type { Actor } from '../domain/metadata.ts'

/** The roles of DESIGN.md section 3. */
export const roles = ['viewer', 'developer', 'operator', 'governance', 'auditor', 'tenant-admin', 'service'] as const
export type Role = (typeof roles)[number]

/** What a tenant has paid for: how many requests an hour (docs/access.md). */
export const plans = ['free', 'pro', 'enterprise'] as const
export type Plan = (typeof plans)[number]

/** Who a credential says that the caller is, before a tenant is chosen. A person is `(issuer, subject)`. */
export interface Identity {
  issuer: string
  subject: string
  kind: Actor['kind']
  /** The tenants that the credential grants, at least one. */
  tenants: readonly TenantId[]
  roles: readonly Role[]
  plan: Plan | null
  /** A display name, where the credential has one. A personal value: it is sealed before it is kept anywhere. */
  name: string | null
  authMethod: 'jwt' | 'api-key' | 'open'
  /** The subject on whose behalf a service acts (RFC 8693 `act`: the token's subject delegated to the actor). */
  onBehalfOf: string | null
}

/** Who calls, and for which tenant. */
export interface Principal {
  tenant: TenantId
  actor: Actor
  plan: Plan | null
}

/** One string for one principal of one tenant. */
export const principalKey = ({ tenant, actor }: Principal): string => `${tenant}/${actor.pseudonym}`
