import { fileURLToPath } from 'node:url'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { verifyApiKey } from '../../src/auth/api-key.ts'
import { chooseTenant } from '../../src/auth/choose-tenant.ts'
import { openIdentity } from '../../src/auth/open.ts'
import { loadPolicies } from '../../src/auth/policy.ts'
import type { Identity } from '../../src/auth/principal.ts'
import { TenantDirectory } from '../../src/auth/tenants.ts'
import { subjectErasureOf } from '../../src/compose/access.ts'
import { composeValidation } from '../../src/compose/validation.ts'
import { webhookSecretsOf } from '../../src/compose/webhooks.ts'
import type { CallRecord } from '../../src/domain/access/events.ts'
import { type ApprovalRule, defaultApprovalRules, requiredBy } from '../../src/domain/approval/rules.ts'
import { Rejection } from '../../src/domain/codes.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { Orchestration } from '../../src/domain/pipeline/manifest.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { allDialects, createApp } from '../../src/http/app.ts'
import { Callers } from '../../src/http/callers.ts'
import type { Dialect } from '../../src/http/dialect.ts'
import { RateLimits } from '../../src/http/limits.ts'
import { LiveStreams } from '../../src/http/native/events/live-streams.ts'
import { type Freshness, ReadAfterWrite } from '../../src/http/reads.ts'
import type { Services } from '../../src/http/services.ts'
import { Sealer } from '../../src/keys/sealing.ts'
import { LiveFeed } from '../../src/ledger/live-feed.ts'
import { readManifest, readManifestText } from '../../src/manifests/reader.ts'
import { PrometheusMetrics } from '../../src/metrics/prometheus.ts'
import { contextOf } from './contexts.ts'
import { evidenceIn } from './evidence.ts'
import { evidenceJobsIn } from './evidence-jobs.ts'
import { otherTenant, runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { pastOf } from './in-memory-past.ts'
import { streamsOf } from './ledger-streams.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { register } from './requests.ts'
import { textOf } from './sse.ts'
import { MemoryKeys } from './subject-keys.ts'
import { viewed } from './viewed.ts'

const positionKey = Buffer.alloc(32, 7)
/** Of the tests' own tenant. */
export const tenantUuid = '00000000-0000-4000-8000-00000000000a'
export const otherTenantUuid = '00000000-0000-4000-8000-00000000000b'
export const defaultTenantUuid = '00000000-0000-4000-8000-000000000001'
export const nowMs = Date.parse('2026-01-02T03:04:05.678Z')

interface Answer {
  status: number
  headers: Headers
  /** Parsed JSON. */
  body: Record<string, unknown>
}

interface ApiOptions {
  orchestration?: Partial<Orchestration>
  services?: Partial<Services>
  freshness?: (real: Freshness) => Freshness
  /** Who calls with which token; calls without one are `dev`'s, unless `open` is false. */
  tokens?: Readonly<Record<string, Identity>>
  open?: boolean
  /** More dialects beside the real ones. */
  dialects?: (services: Services) => Dialect[]
  /** How many events are held for streams that keep up. */
  recentEvents?: number
  /** Who has to approve what. */
  approvalRules?: readonly ApprovalRule[]
}

/** A call that was recorded, and for which tenant. */
type Recorded = CallRecord & { tenant: TenantId }

const policies = loadPolicies(fileURLToPath(new URL('../../policies', import.meta.url)))
const directory = new TenantDirectory(
  new Map([
    [defaultTenantUuid, 'default'],
    [tenantUuid, tenant],
    [otherTenantUuid, otherTenant],
  ]),
)
const plenty = { hour: 1_000_000, burst: 100_000 }

/** The app without a socket, over a ledger in memory and real views. Its pipelines are `flights` and `weather`. */
export const openApi = async ({
  orchestration = {},
  services: given = {},
  freshness = (real) => real,
  tokens = {},
  open = true,
  dialects = () => [],
  recentEvents = 4_096,
  approvalRules = defaultApprovalRules,
}: ApiOptions = {}) => {
  const ledger = new InMemoryLedger(() => nowMs)
  const commands = new CommandHandler(ledger)
  const log = new SilentLog()
  for (const name of ['flights', 'weather']) await register(commands, manifestOf({ name }, orchestration))
  const feed = new LiveFeed(pastOf(ledger), log, recentEvents)
  const { views, follower, pump } = viewed(ledger, feed)
  await pump.settled()
  const keys = new MemoryKeys()
  const sealer = new Sealer(keys)
  const callers = new Callers({ commands, keys, sealer, nowMs: () => nowMs })
  const calls: Recorded[] = []
  const record = (at: TenantId, call: CallRecord) => void calls.push({ ...call, tenant: at })
  const recorder = { record, counted: { add: record } }
  const evidence = evidenceIn(ledger, commands, { nowMs: () => nowMs })
  const services: Services = {
    commands,
    views,
    log,
    nowMs: () => nowMs,
    reads: new ReadAfterWrite(freshness(follower), positionKey),
    live: new LiveStreams(feed),
    credentials: {
      open: open ? openIdentity(tenant) : null,
      verifyToken: async (token) => {
        const identity = Object.hasOwn(tokens, token) ? tokens[token] : undefined
        if (!identity) throw new Rejection('UNAUTHORIZED', 'the token is not valid')
        return identity
      },
      verifyApiKey: (key) => verifyApiKey('agent-key', key),
      chooseTenant: (identity, header, required) => chooseTenant(identity, header, directory, required),
    },
    callers,
    clientAddress: (peer) => peer,
    policies,
    limits: new RateLimits(plenty),
    calls: { record, durable: async () => -1n, keepsUp: async () => true },
    counted: recorder.counted,
    webhookSecrets: webhookSecretsOf(keys, sealer),
    subjectKeys: subjectErasureOf(keys, sealer, callers),
    evidence,
    manifests: { read: readManifest, readText: readManifestText },
    ...composeValidation(),
    approvals: {
      needed: (command, environment, at) => ({
        required: requiredBy(approvalRules, command, environment),
        expiresAt: new Date(Date.parse(at) + 3_600_000).toISOString(),
      }),
    },
    streams: streamsOf(ledger),
    runLogDays: 30,
    evidenceJobs: evidenceJobsIn(evidence.makeChain, { nowMs: () => nowMs, log }),
    rejectedRows: { read: async () => null },
    publicLedgers: [],
    openSealed: (sealed) => sealer.open(sealed),
    corsOrigins: [],
    notReady: async () => null,
    metrics: new PrometheusMetrics(log, []),
    ...given,
  }
  const mounted = [...allDialects(services), ...dialects(services)]
  const app = createApp(services, mounted)

  const call = async (method: string, path: string, init: { body?: string; headers?: Record<string, string> } = {}) => {
    const type = init.body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { host: 'localhost:8000', ...type, ...init.headers }
    const response = await app.request(path, { ...init, method, headers })
    const text = await textOf(response)
    const body = response.headers.get('content-type') === 'text/event-stream' ? { text } : JSON.parse(text)
    return { status: response.status, headers: response.headers, body } satisfies Answer
  }
  const get = (path: string, headers: Record<string, string> = {}) => call('GET', path, { headers })
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call('POST', path, { ...(body === undefined ? {} : { body: JSON.stringify(body) }), headers })

  /** Says something of a run that was triggered as `run`; the views know it afterwards. */
  const say = async (run: string, ...said: RunCommand[]) => {
    const runId = runOf(run)
    for (const command of said) {
      const context = contextOf({ at: new Date(nowMs + 60_000).toISOString() })
      await commands.handle(runs, runId, { ...command, runId } as RunCommand, context)
    }
    await pump.settled()
  }
  /** Triggers a run of a chosen id, and does with it what is said. */
  const run = async (id: string, ...said: RunCommand[]) => {
    await post('/api/pipeline/trigger/flights', { batch_id: `B-${id}`, run_id: id })
    await say(id, ...said)
  }
  return {
    ledger,
    feed,
    commands,
    log,
    app,
    dialects: mounted,
    services,
    calls,
    keys,
    sealer,
    pump,
    call,
    get,
    post,
    say,
    run,
  }
}
