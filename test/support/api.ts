import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { devPrincipal } from '../../src/auth/open.ts'
import type { Orchestration } from '../../src/domain/pipeline/manifest.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { createApp } from '../../src/http/app.ts'
import { type Freshness, ReadAfterWrite } from '../../src/http/reads.ts'
import type { Services } from '../../src/http/services.ts'
import { contextOf } from './contexts.ts'
import { runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { register } from './requests.ts'
import { viewed } from './viewed.ts'

const positionKey = Buffer.alloc(32, 7)
const nowMs = Date.parse('2026-01-02T03:04:05.678Z')

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
}

/** The app without a socket, over a ledger in memory and real views. Its pipelines are `flights` and `weather`. */
export const openApi = async ({ orchestration = {}, services = {}, freshness = (real) => real }: ApiOptions = {}) => {
  const ledger = new InMemoryLedger(() => nowMs)
  const commands = new CommandHandler(ledger)
  const log = new SilentLog()
  for (const name of ['flights', 'weather']) await register(commands, manifestOf({ name }, orchestration))
  const { views, follower, pump } = viewed(ledger)
  await pump.settled()
  const app = createApp({
    commands,
    views,
    log,
    nowMs: () => nowMs,
    reads: new ReadAfterWrite(freshness(follower), positionKey),
    openPrincipal: devPrincipal(tenant),
    notReady: async () => null,
    ...services,
  })

  const call = async (method: string, path: string, init: { body?: string; headers?: Record<string, string> } = {}) => {
    const type = init.body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { host: 'localhost:8000', ...type, ...init.headers }
    const response = await app.request(path, { ...init, method, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text) } satisfies Answer
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
  return { ledger, commands, log, app, pump, call, get, post, say, run }
}
