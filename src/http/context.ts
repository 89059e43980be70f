import type { Context } from 'hono'
import { type CommandContext, sha256Hex } from '../app/context.ts'
import { derivedCommandId, freshCommandId } from '../app/ids.ts'
import { type Principal, principalKey, type Role } from '../auth/principal.ts'
import { canonicalJson } from '../domain/canonical-json.ts'
import { Rejection } from '../domain/codes.ts'
import type { JsonValue } from '../domain/json.ts'
import type { Services } from './services.ts'

/** What every request carries through the app. */
export interface Env {
  Bindings: { incoming?: { socket: { remoteAddress?: string } } }
  Variables: {
    requestId: string
    /** Unset as long as nobody was identified. */
    principal: Principal
    roles: readonly Role[]
    /** Where the call comes from, sealed under the caller's key. */
    origin: string
    /** The policy that allowed the call. */
    policy: { id: string; version: string }
    /** The path's parameters by name. */
    params: Record<string, string>
    /** Why it was refused, where no error tells. */
    reason: string
    /** The call has appended an event that says who called. */
    ownEvent: boolean
  }
}

/** Where a call comes from; in a test without a socket there is no address. */
export const addressOf = (c: Context<Env>, { clientAddress }: Pick<Services, 'clientAddress'>): string => {
  const peer = c.env?.incoming?.socket.remoteAddress ?? 'no address'
  return clientAddress(peer, c.req.header('x-forwarded-for'))
}

const idempotencyKeyMax = 255

/**
 * The context of a command that came over HTTP. With an Idempotency-Key the command's id derives from who asks what
 * with which key, so the ledger itself remembers it; `body` is then what tells a repeated request from another one.
 */
export const commandContext = (c: Context<Env>, dialect: string, body: JsonValue, nowMs: number): CommandContext => {
  const principal = c.get('principal')
  const requestId = c.get('requestId')
  const key = idempotencyKey(c)
  const commandId = key
    ? derivedCommandId(principal.tenant, principalKey(principal), c.req.method, c.req.path, key)
    : freshCommandId(nowMs)
  const traceparent = c.req.header('traceparent')
  return {
    tenant: principal.tenant,
    actor: principal.actor,
    commandId,
    correlationId: requestId,
    causationId: requestId,
    dialect,
    requestId,
    origin: c.get('origin'),
    policy: c.get('policy'),
    at: new Date(nowMs).toISOString(),
    ...(key ? { bodyHash: sha256Hex(canonicalJson(body)) } : {}),
    ...(traceparent && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) ? { traceparent } : {}),
  }
}

/** Why it is done goes with a command where somebody has said it. */
export const withReason = (context: CommandContext, reason: string | undefined): CommandContext =>
  reason === undefined ? context : { ...context, reason }

/** The key is a structured-field string (in quotes); a bare one is taken too. Undefined when there is none. */
export const idempotencyKey = (c: Context<Env>): string | undefined => {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return undefined
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (key.length > 0 && key.length <= idempotencyKeyMax) return key
  throw new Rejection('VALIDATION_FAILED', `Idempotency-Key must have 1 to ${idempotencyKeyMax} characters`, {
    field: 'Idempotency-Key',
  })
}
