import { resolve } from 'node:path'
import { z } from 'zod'

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

/** The environment, by variable; README.md and docs/operating.md say what each means. */
const environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(8000),
  DATA_DIR: path.default(resolve('data')),
  PIPELINES_DIR: path.default(resolve('pipelines')),
  TENANTS_DIR: path.optional(),
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
})

export type Config = ReturnType<typeof loadConfig>

/** What is wrong with the environment, in one sentence for the operator. */
export class ConfigError extends Error {}

/** Parses the environment. The only reader of process.env. Throws ConfigError. */
export const loadConfig = (env: NodeJS.ProcessEnv = process.env) => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { data } = parsed
  if (!isLoopback(data.HOST)) {
    throw new ConfigError(
      `HOST: '${data.HOST}' is not a loopback address; without authentication only loopback is served`,
    )
  }
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    pipelinesDir: data.PIPELINES_DIR,
    tenantsDir: data.TENANTS_DIR ?? resolve(data.DATA_DIR, 'tenants'),
    eventstoreUrl: data.EVENTSTORE_URL ?? null,
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
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)
