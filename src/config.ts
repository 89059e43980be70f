import { resolve } from 'node:path'
import { z } from 'zod'
import { roles } from './auth/principal.ts'
import { isUuid, parseTenantId } from './domain/ids.ts'
import { parseSchedule } from './webhooks/schedule.ts'

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`)

const dollars = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'must be an amount in US dollars')
  .transform(Number)

const path = z
  .string()
  .min(1)
  .transform((text) => resolve(text))

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

/** Waits before each attempt, in ms. */
const schedule = z.string().transform((text, context) => {
  try {
    return parseSchedule(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'invalid' })
    return z.NEVER
  }
})

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

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text

/** The environment, by variable; README.md and docs/operating.md say what each means. */
const environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(8000),
  DATA_DIR: path.default(resolve('data')),
  PIPELINES_DIR: path.default(resolve('pipelines')),
  POLICIES_DIR: path.default(resolve('policies')),
  TENANTS_DIR: path.optional(),
  NATS_URL: z
    .string()
    .refine((text) => text === 'spawn' || text.startsWith('nats://'), 'must be nats://…, or spawn')
    .optional(),
  /** Where programs are looked for. */
  PATH: z.string().default(''),
  EVENTSTORE_URL: z.string().startsWith('esdb').optional(),
  WORKER: z.enum(['inline', 'none']).default('inline'),
  WORKER_CONCURRENCY: wholeNumber(1, 64).default(2),
  RUN_LEASE_MS: wholeNumber(200, 3_600_000).default(30_000),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 3_600_000).default(10_000),
  COST_COMPUTE_SECOND_USD: dollars.default(0.000048),
  COST_STORED_GIB_USD: dollars.default(0.023),
  COST_MOVED_GIB_USD: dollars.default(0.01),
  DRILL_BEFORE_PUBLISH_MS: wholeNumber(0, 60_000).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
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
  AGENT_PORT: wholeNumber(0, 65_535).optional(),
  TENANTS: tenants.prefault(''),
  RATE_LIMIT_HOUR: wholeNumber(1, 1_000_000_000).default(100_000),
  RATE_LIMIT_BURST: wholeNumber(1, 1_000_000).default(2_000),
  WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false']).default('false'),
  WEBHOOK_RETRY_SCHEDULE: schedule.prefault('0s,5s,5m,30m,2h,5h,10h,14h,20h,24h'),
  CORS_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be a comma list of origins, like https://console.example.com')
    .default([]),
})

export type Config = ReturnType<typeof loadConfig>

/** What is wrong with the environment, in one sentence for the operator. */
export class ConfigError extends Error {}

/** Parses the environment; `flags` go before it. The only reader of process.env. Throws ConfigError. */
export const loadConfig = (env: NodeJS.ProcessEnv = process.env, flags: NodeJS.ProcessEnv = {}) => {
  const given = Object.fromEntries(Object.entries({ ...env, ...flags }).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message}`)
  }
  const { data } = parsed
  if (data.AGENT_PORT !== undefined && data.AGENT_PORT !== 0 && data.AGENT_PORT === data.PORT) {
    throw new ConfigError(`AGENT_PORT: ${data.AGENT_PORT} is PORT already`)
  }
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    pipelinesDir: data.PIPELINES_DIR,
    policiesDir: data.POLICIES_DIR,
    tenantsDir: data.TENANTS_DIR ?? resolve(data.DATA_DIR, 'tenants'),
    eventstoreUrl: data.EVENTSTORE_URL ?? null,
    natsUrl: data.NATS_URL ?? null,
    executablePath: data.PATH,
    worker: data.WORKER,
    workerConcurrency: data.WORKER_CONCURRENCY,
    runLeaseMs: data.RUN_LEASE_MS,
    shutdownGraceMs: data.SHUTDOWN_GRACE_MS,
    costRates: {
      computeSecondUsd: data.COST_COMPUTE_SECOND_USD,
      storedGibUsd: data.COST_STORED_GIB_USD,
      movedGibUsd: data.COST_MOVED_GIB_USD,
    },
    drillBeforePublishMs: data.DRILL_BEFORE_PUBLISH_MS,
    logLevel: data.LOG_LEVEL,
    agentPort: data.AGENT_PORT ?? null,
    rateLimit: { hour: data.RATE_LIMIT_HOUR, burst: data.RATE_LIMIT_BURST },
    webhookAllowPrivate: data.WEBHOOK_ALLOW_PRIVATE === 'true',
    webhookRetrySchedule: data.WEBHOOK_RETRY_SCHEDULE,
    corsOrigins: data.CORS_ORIGINS,
    auth: authOf(data),
  }
}

type Environment = z.output<typeof environment>

const authOf = (data: Environment) => {
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

const sourceOf = ({ JWT_JWKS_URL, JWT_PUBLIC_KEY, JWT_SECRET }: Environment) => {
  const given = Object.entries({ JWT_JWKS_URL, JWT_PUBLIC_KEY, JWT_SECRET }).filter(([, value]) => value !== undefined)
  if (given.length > 1) {
    throw new ConfigError(`${given.map(([name]) => name).join(' and ')}: only one of them can say who signs tokens`)
  }
  if (JWT_JWKS_URL !== undefined) return { kind: 'jwks' as const, url: JWT_JWKS_URL }
  if (JWT_PUBLIC_KEY !== undefined) return { kind: 'public-key' as const, pem: JWT_PUBLIC_KEY }
  return JWT_SECRET === undefined ? null : { kind: 'secret' as const, secret: JWT_SECRET }
}

/** Of `127.` only whole addresses count: `127.example.com` is anywhere. */
const isLoopback = (host: string): boolean => /^(localhost|::1|127(\.\d+){3})$/.test(host)
