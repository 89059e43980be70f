import { Rejection } from '../domain/codes.ts'
import { parseTenantId, type TenantId } from '../domain/ids.ts'
import { type Identity, roles as knownRoles, type Plan, plans, type Role } from './principal.ts'

export const subjectCharsMax = 255
export const nameCharsMax = 200
const tenantsMax = 1_000

type Claims = Readonly<Record<string, unknown>>

/**
 * Who a verified token says that the caller is: `sub`, `tenant` or `tenants`, `roles`, and optional `plan`, `name` and
 * `act` (RFC 8693 §4.1: `act.sub` acts for `sub`; actors within it are history). Throws UNAUTHORIZED for claims that
 * cannot be read, and FORBIDDEN where no tenant is named and there is no `defaultTenant`.
 */
export const identityOf = (claims: Claims, defaultTenant: TenantId | null): Identity => {
  const issuer = claims.iss ?? ''
  if (typeof issuer !== 'string') throw malformed('iss')
  const subject = subjectOf(claims.sub, 'sub')
  const actor = actorOf(claims.act, issuer)
  const roles = rolesOf(claims.roles)
  return {
    issuer,
    subject: actor ?? subject,
    kind: roles.includes('service') ? 'service' : 'person',
    tenants: tenantsOf(claims, defaultTenant),
    roles,
    plan: planOf(claims.plan),
    name: nameOf(claims.name),
    authMethod: 'jwt',
    onBehalfOf: actor === null ? null : subject,
  }
}

const malformed = (claim: string) => new Rejection('UNAUTHORIZED', `the token is malformed: ${claim}`)

export const isRole = (value: unknown): value is Role => knownRoles.some((role) => role === value)

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const subjectOf = (value: unknown, claim: string): string => {
  if (typeof value !== 'string' || value === '' || value.length > subjectCharsMax) throw malformed(claim)
  return value
}

/** An actor of another issuer would be taken for this issuer's subject of the same name. */
const actorOf = (act: unknown, issuer: string): string | null => {
  if (act === undefined) return null
  if (!isObject(act)) throw malformed('act')
  if (act.iss !== undefined && act.iss !== issuer) throw malformed('act.iss')
  return subjectOf(act.sub, 'act.sub')
}

const tenantOf = (value: unknown, claim: string): TenantId => {
  const tenant = typeof value === 'string' ? parseTenantId(value) : undefined
  if (tenant === undefined) throw malformed(claim)
  return tenant
}

const tenantsOf = ({ tenant, tenants = [] }: Claims, defaultTenant: TenantId | null): readonly TenantId[] => {
  if (tenant !== undefined) return [tenantOf(tenant, 'tenant')]
  if (!Array.isArray(tenants) || tenants.length > tenantsMax) throw malformed('tenants')
  const granted = [...new Set(tenants.map((each) => tenantOf(each, 'tenants')))]
  if (granted.length > 0) return granted
  if (defaultTenant === null) throw new Rejection('FORBIDDEN', 'the token names no tenant')
  return [defaultTenant]
}

const rolesOf = (value: unknown = []) => {
  if (!Array.isArray(value)) throw malformed('roles')
  return [...new Set(value.filter(isRole))]
}

const planOf = (value: unknown): Plan | null =>
  typeof value === 'string' ? (plans.find((plan) => plan === value.toLowerCase()) ?? null) : null

/** It is only shown, so one that is no good locks nobody out. */
const nameOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= nameCharsMax ? value : null
