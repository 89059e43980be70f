import type { Context, MiddlewareHandler } from 'hono'
import { openModeRefusal } from '../auth/open.ts'
import type { Identity, Principal } from '../auth/principal.ts'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { addressOf, type Env } from './context.ts'
import type { Dialect, Scheme } from './dialect.ts'
import type { Operation } from './operation.ts'
import type { Services } from './services.ts'

const urlCharsMax = 8_192
const bearer = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i

/** Who calls, how often, and whether they may: every operation's way in, before its input is even looked at. */
export const wayIn =
  (services: Services, dialect: Dialect, operation: Operation): MiddlewareHandler<Env> =>
  async (c, next) => {
    c.header('Cache-Control', 'no-store')
    if (c.req.url.length > urlCharsMax) {
      throw new Rejection('URL_TOO_LONG', `the URL is longer than ${urlCharsMax} characters`)
    }
    if (!(await services.calls.keepsUp())) {
      c.header('Retry-After', '1')
      throw new Rejection('LEDGER_UNAVAILABLE', 'calls cannot be recorded, so none are answered; ask again')
    }
    const open = publicTenant(c, operation, services)
    const identity = open ? anyoneIn(open) : await identityOf(c, services, dialect.scheme)
    const { tenant, refusal } = open
      ? { tenant: open, refusal: null }
      : chosenTenant(c, identity, services, dialect.scheme)
    const principal = await known(c, identity, tenant, services)
    await services.limits.take(c, principal, dialect.limits === 'plan', services.nowMs())
    // Only now: whoever tries out tenants is known by name, and does it as often as a plan allows.
    if (refusal !== null) throw refusal
    if (open) {
      c.set('policy', { id: 'ledger-public', version: '' })
      return next()
    }
    const { pseudonym, kind } = principal.actor
    const { allowed, policy } = services.policies.decide({
      principal: { id: pseudonym, kind, roles: identity.roles, tenant },
      action: operation.action,
      resource: { tenant },
    })
    c.set('policy', policy)
    c.set('roles', identity.roles)
    if (!allowed) throw new Rejection('FORBIDDEN', `no policy lets you do this (${operation.action})`)
    await next()
  }

/** The tenant whose public log is asked for; tokens are not looked at then. */
const publicTenant = (c: Context<Env>, { publicBy }: Operation, { publicLedgers }: Services): TenantId | undefined => {
  const named = publicBy === undefined ? undefined : c.get('params')[publicBy]
  return publicLedgers.find((tenant) => tenant === named)
}

/** Whoever reads a public log, in the tenant's records. */
const anyoneIn = (tenant: TenantId): Identity => ({
  issuer: 'ledgerline:public',
  subject: 'anyone',
  kind: 'service',
  tenants: [tenant],
  roles: [],
  plan: null,
  name: null,
  authMethod: 'open',
  onBehalfOf: null,
})

const identityOf = (c: Context<Env>, { credentials }: Services, scheme: Scheme): Promise<Identity> | Identity =>
  scheme === 'api-key' ? credentials.verifyApiKey(c.req.header('x-api-key')) : fromToken(c, credentials)

/** With a refusal comes the tenant in whose records it belongs: one that the credential does grant. */
const chosenTenant = (
  c: Context<Env>,
  identity: Identity,
  { credentials }: Services,
  scheme: Scheme,
): { tenant: TenantId; refusal: Rejection | null } => {
  const header = scheme === 'api-key' ? undefined : c.req.header('x-tenant-id')
  try {
    return { tenant: credentials.chooseTenant(identity, header, scheme === 'bearer-and-tenant'), refusal: null }
  } catch (refusal) {
    const [tenant] = identity.tenants
    if (!(refusal instanceof Rejection) || tenant === undefined) throw refusal
    return { tenant, refusal }
  }
}

/** From here on the call has a caller, whatever becomes of it. */
const known = async (c: Context<Env>, identity: Identity, tenant: TenantId, services: Services): Promise<Principal> => {
  const { principal, origin } = await services.callers.of(identity, tenant, addressOf(c, services))
  c.set('principal', principal)
  c.set('origin', origin)
  return principal
}

/** Who calls a route that does not exist, as far as a token tells; limited like everybody. */
export const stray = async (c: Context<Env>, services: Services): Promise<void> => {
  if (c.req.header('authorization') === undefined) return
  let identity: Identity
  try {
    identity = await identityOf(c, services, 'bearer')
  } catch {
    return
  }
  const { tenant } = chosenTenant(c, identity, services, 'bearer')
  await services.limits.take(c, await known(c, identity, tenant, services), false, services.nowMs())
}

const fromToken = (c: Context<Env>, { open, verifyToken }: Services['credentials']): Promise<Identity> | Identity => {
  const header = c.req.header('authorization')
  if (header === undefined && open) {
    const refusal = openModeRefusal(c.req.raw.headers)
    if (refusal !== null) throw new Rejection('FORBIDDEN', refusal)
    return open
  }
  const token = bearer.exec(header ?? '')?.[1]
  if (token === undefined) {
    const missing = header === undefined ? 'a token is required' : 'the Authorization header has no Bearer token'
    throw new Rejection('UNAUTHORIZED', missing)
  }
  return verifyToken(token)
}
