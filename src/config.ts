import { resolve } from 'node:path'
import { z } from 'zod'
import { authOf, authVariables } from './config/auth.ts'
import { ConfigError } from './config/error.ts'
import { dollars, isOrigin, list, networks, path, schedule, tenantNames, wholeNumber } from './config/fields.ts'
import { quorumOf, witnesses } from './config/witnesses.ts'
import { ledgerNamePattern } from './domain/ledger/decide.ts'

export { ConfigError }

/** The environment, by variable; README.md and docs/operating.md say what each means. */
const environment = z.object({
  ...authVariables,
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(8000),
  DATA_DIR: path.default(resolve('data')),
  KEYS_DIR: path.optional(),
  PIPELINES_DIR: path.default(resolve('pipelines')),
  POLICIES_DIR: path.default(resolve('policies')),
  TENANTS_DIR: path.optional(),
  NATS_URL: z
    .string()
    .refine((text) => text === 'spawn' || text.startsWith('nats://'), 'must be nats://…, or spawn')
    .optional(),
  NATS_REPLICAS: wholeNumber(1, 5).default(1),
  /** Where programs are looked for. */
  PATH: z.string().default(''),
  EVENTSTORE_URL: z.string().startsWith('esdb').optional(),
  WORKER: z.enum(['inline', 'none']).default('inline'),
  WORKER_CONCURRENCY: wholeNumber(1, 64).default(2),
  RUN_LEASE_MS: wholeNumber(200, 3_600_000).default(30_000),
  RUN_LOG_DAYS: wholeNumber(1, 3_650).default(30),
  LEDGER_NAME: z.string().regex(ledgerNamePattern, 'must be letters, digits, dots, slashes and dashes').optional(),
  LEDGER_PUBLIC: tenantNames.default([]),
  ROLE_LEASE_MS: wholeNumber(1_000, 600_000).default(10_000),
  APPROVALS_FILE: path.optional(),
  APPROVAL_WAIT_MS: wholeNumber(1_000, 31_536_000_000).default(259_200_000),
  AUDIT_EVERY_MS: wholeNumber(100, 604_800_000).default(3_600_000),
  EVIDENCE_PART_LEAVES: wholeNumber(1, 100_000).default(100_000),
  EVIDENCE_JOBS_BYTES: wholeNumber(1, 1_000_000_000_000_000).default(10_737_418_240),
  WITNESSES: witnesses.prefault(''),
  WITNESS_QUORUM: wholeNumber(1, 64).optional(),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 3_600_000).default(10_000),
  COST_COMPUTE_SECOND_USD: dollars.default(0.000048),
  COST_STORED_GIB_USD: dollars.default(0.023),
  COST_MOVED_GIB_USD: dollars.default(0.01),
  DRILL_BEFORE_PUBLISH_MS: wholeNumber(0, 60_000).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  AGENT_PORT: wholeNumber(0, 65_535).optional(),
  RATE_LIMIT_HOUR: wholeNumber(1, 1_000_000_000).default(100_000),
  RATE_LIMIT_BURST: wholeNumber(1, 1_000_000).default(2_000),
  WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false']).default('false'),
  WEBHOOK_RETRY_SCHEDULE: schedule.prefault('0s,5s,5m,30m,2h,5h,10h,14h,20h,24h'),
  TRUSTED_PROXIES: networks.default([]),
  CORS_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be a comma list of origins, like https://console.example.com')
    .default([]),
})

/** The names of all variables. */
export const variableNames: readonly string[] = Object.keys(environment.shape)

export type Config = ReturnType<typeof loadConfig>

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
    keysDir: data.KEYS_DIR ?? resolve(data.DATA_DIR, 'keys'),
    pipelinesDir: data.PIPELINES_DIR,
    policiesDir: data.POLICIES_DIR,
    tenantsDir: data.TENANTS_DIR ?? resolve(data.DATA_DIR, 'tenants'),
    eventstoreUrl: data.EVENTSTORE_URL ?? null,
    ledgerName: data.LEDGER_NAME ?? null,
    ledgerPublic: data.LEDGER_PUBLIC,
    natsUrl: data.NATS_URL ?? null,
    natsReplicas: data.NATS_REPLICAS,
    executablePath: data.PATH,
    worker: data.WORKER,
    workerConcurrency: data.WORKER_CONCURRENCY,
    runLeaseMs: data.RUN_LEASE_MS,
    runLogDays: data.RUN_LOG_DAYS,
    roleLeaseMs: data.ROLE_LEASE_MS,
    approvalsFile: data.APPROVALS_FILE ?? null,
    approvalWaitMs: data.APPROVAL_WAIT_MS,
    auditEveryMs: data.AUDIT_EVERY_MS,
    evidenceJobs: { partLeavesMax: data.EVIDENCE_PART_LEAVES, bytesMax: data.EVIDENCE_JOBS_BYTES },
    witnesses: data.WITNESSES,
    witnessQuorum: quorumOf(data.WITNESSES.length, data.WITNESS_QUORUM),
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
    trustedProxies: data.TRUSTED_PROXIES,
    corsOrigins: data.CORS_ORIGINS,
    auth: authOf(data),
  }
}
