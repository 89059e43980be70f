import type { TenantId } from '../domain/ids.ts'
import { type Identity, roles } from './principal.ts'

/** Who calls without a credential in open mode: `dev`, with every role (DESIGN.md section 11). */
export const openIdentity = (tenant: TenantId): Identity => ({
  issuer: 'ledgerline:open',
  subject: 'dev',
  kind: 'person',
  tenants: [tenant],
  roles,
  plan: null,
  name: null,
  authMethod: 'open',
  onBehalfOf: null,
})

const proxyHeader = /^(forwarded|x-forwarded-.*|via|x-real-ip)$/
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/**
 * Why open mode refuses a call, or null. A forgotten reverse proxy, a rebound name and a page of another origin must
 * not become the developer.
 */
export const openModeRefusal = (headers: Headers): string | null => {
  const host = headers.get('host') ?? ''
  if (!loopbackHost.test(host)) return `open mode answers on loopback only, not as '${host}'`
  for (const name of headers.keys()) {
    if (proxyHeader.test(name)) return `open mode answers no proxy ('${name}')`
  }
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}`) return `open mode answers no page of '${origin}'`
  // A picture or a link on a page of another site tells no origin; the browser tells where it comes from all the same.
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none')
    return `open mode answers no page of another site (${site})`
  const type = headers.get('content-type')
  if (type !== null && !/^application\/([a-z.+-]+\+)?json\b/i.test(type))
    return `open mode takes JSON bodies, not '${type}'`
  return null
}
