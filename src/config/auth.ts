import { z } from 'zod'
import { roles } from '../auth/principal.ts'
import { isUuid, parseTenantId } from '../domain/ids.ts'
import { ConfigError } from './error.ts'
import { isLoopback, list } from './fields.ts'

const secretBytesMin = 32
const defaultTenantUuid = '00000000-0000-4000-8000-000000000001'

/** Tenants by UUID. */
const tenants = list.transform((pairs, context) => {
  const byUuid = new Map<string, string>()
  const fail = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  const hasDefault = pairs.some((pair) => /^default\s*=/.test(pair))
  for (const pair of hasDefault ? pairs : [...pairs, `default=${defaultTenantUuid}`]) {
    const [name = '', text = '', ...more] = pair.split('=').map((part) => part.trim())
    const uuid = text.toLowerCase()
    if (parseTenantId(name) === undefined || !isUuid(uuid) || more.length > 0) {
      return fail(`'${pair}' is not NAME=UUID`)
    }
    if (byUuid.has(uuid)) return fail(`'${name}' has the UUID of '${byUuid.get(uuid)}'`)
    if ([...byUuid.values()].includes(name)) return fail(`'${name}' is there twice`)
    byUuid.set(uuid, name)
  }
  return byUuid
})

/** Keys that come in clear text could be anybody's. */
const isSafeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && (hostname === '[::1]' || isLoopback(hostname)))
}

/** The variables that say who may call. */
export const authVariables = {
  AUTH: z.enum(['required', 'open']).optional(),
  JWT_JWKS_URL: z.string().refine(isSafeUrl, 'must be an https URL, or http on loopback').optional(),
  JWT_PUBLIC_KEY: z
    .string()
    .transform((text) => text.replaceAll('\\n', '\n'))
    .optional(),
  JWT_SECRET: z
    .string()
    .refine((text) => Buffer.byteLength(text) >= secretBytesMin, `must have ${secretBytesMin} bytes or more`)
    // A public key is no secret: whoever reads it could sign.
    .refine((text) => !text.startsWith('-----BEGIN'), 'must be a secret, not a key in PEM')
    .optional(),
  JWT_ISSUER: z
    .string()
    .refine((text) => !text.startsWith('ledgerline:'), "must not be one of ours, which begin with 'ledgerline:'")
    .optional(),
  JWT_AUDIENCE: z.string().optional(),
  DATAPIPELINES_API_KEY: z.string().optional(),
  AGENT_TENANT: z
    .string()
    .refine((text) => parseTenantId(text) !== undefined, 'must be a tenant')
    .default('default'),
  AGENT_ROLES: list
    .pipe(z.array(z.enum(roles, `must be a comma list of ${roles.join(', ')}`)).min(1, 'must name a role'))
    .default(['operator']),
  TENANTS: tenants.prefault(''),
}

const authEnvironment = z.object(authVariables)
type AuthEnvironment = z.output<typeof authEnvironment>

/** Throws ConfigError. */
export const authOf = (data: AuthEnvironment & { HOST: string }) => {
  const source = sourceOf(data)
  const issuer = data.JWT_ISSUER ?? null
  const audience = data.JWT_AUDIENCE ?? null
  const hasJwt = source !== null || issuer !== null || audience !== null
  const mode: 'required' | 'open' = data.AUTH ?? (hasJwt || !isLoopback(data.HOST) ? 'required' : 'open')
  if (mode === 'open' && !isLoopback(data.HOST)) {
    throw new ConfigError(`HOST: '${data.HOST}' is not a loopback address, and AUTH=open is for loopback only`)
  }
  return {
    mode,
    source,
    issuer,
    audience,
    /** Whether tokens of the development key count: unless another issuer is configured, and always in open mode. */
    devTokens: mode === 'open' || (source === null && issuer === null),
    apiKey: data.DATAPIPELINES_API_KEY ?? null,
    agentTenant: data.AGENT_TENANT,
    agentRoles: data.AGENT_ROLES,
    /** Tenants by UUID in lower case. */
    tenants: data.TENANTS,
  }
}

const sourceOf = ({ JWT_JWKS_URL, JWT_PUBLIC_KEY, JWT_SECRET }: AuthEnvironment) => {
  const given = Object.entries({ JWT_JWKS_URL, JWT_PUBLIC_KEY, JWT_SECRET }).filter(([, value]) => value !== undefined)
  if (given.length > 1) {
    throw new ConfigError(`${given.map(([name]) => name).join(' and ')}: only one of them can say who signs tokens`)
  }
  if (JWT_JWKS_URL !== undefined) return { kind: 'jwks' as const, url: JWT_JWKS_URL }
  if (JWT_PUBLIC_KEY !== undefined) return { kind: 'public-key' as const, pem: JWT_PUBLIC_KEY }
  return JWT_SECRET === undefined ? null : { kind: 'secret' as const, secret: JWT_SECRET }
}
