import { createHash, timingSafeEqual } from 'node:crypto'
import { Rejection } from '../domain/codes.ts'
import { must, parseTenantId, type TenantId } from '../domain/ids.ts'
import type { Identity, Role } from './principal.ts'

export interface AgentOptions {
  tenants?: readonly TenantId[]
  roles?: readonly Role[]
}

/** Who holds the agent key. Make it once: callers are remembered by this very object. */
export const agentIdentity = ({ tenants, roles }: AgentOptions = {}): Identity => ({
  issuer: 'ledgerline:agent',
  subject: 'agent',
  kind: 'service',
  tenants: tenants ?? [must(parseTenantId('default'), 'tenant')],
  roles: roles ?? ['operator'],
  plan: null,
  name: null,
  authMethod: 'api-key',
  onBehalfOf: null,
})

const defaultAgent = agentIdentity()

/** Throws KEY_NOT_CONFIGURED and UNAUTHORIZED. */
export const verifyApiKey = (configured: string | null, given: string | undefined, agent = defaultAgent): Identity => {
  if (configured === null) {
    throw new Rejection('KEY_NOT_CONFIGURED', 'DATAPIPELINES_API_KEY is not set on the server')
  }
  if (given === undefined || given === '') throw new Rejection('UNAUTHORIZED', 'an API key is required')
  // Digests have one length, so that not even the key's length shows in how long this takes.
  if (!timingSafeEqual(digest(configured), digest(given))) throw new Rejection('UNAUTHORIZED', 'the API key is wrong')
  return agent
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
