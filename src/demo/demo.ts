import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Running } from '../main.ts'
import { type HistoryEvent, tellStory } from './story.ts'

interface RunView {
  run_id: string
  status: string
  duration_seconds: number | null
  assets: Record<string, { status: string }>
}

const days = ['2001-01-01', '2001-01-02', '2001-01-03', '2001-01-04']
const runTimeoutMs = 120_000
const pollEveryMs = 150

const say = (line = ''): void => void process.stdout.write(`${line}\n`)

/**
 * Shows Ledgerline at work on an empty directory: real flights for a few days, a scoring batch, and then what the
 * ledger tells about it. `serve` starts the whole service.
 */
export const demo = async (config: Config, serve: (config: Config) => Promise<Running>): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ledgerline-demo-'))
  const tenantsDir = join(dataDir, 'tenants')
  const running = await serve({ ...config, dataDir, tenantsDir, port: 0, logLevel: 'error' })
  try {
    say(`Ledgerline is up at ${running.url}, on the empty directory ${dataDir}`)
    await flights(running.url)
    await scoring(running.url)
  } finally {
    await running.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const flights = async (url: string): Promise<void> => {
  say(`\nThe routes of ${days.length} days, from 3,000,000 real flights:`)
  const runs = await Promise.all(days.map((day) => trigger(url, 'flights-daily', day)))
  const ended = await Promise.all(runs.map((runId) => finish(url, runId)))
  for (const [index, run] of ended.entries()) say(`  ${days[index]}  ${run.status}  ${run.run_id}`)
  await story(url, ended[0])
}

const scoring = async (url: string): Promise<void> => {
  say('\nA credit-scoring batch, from synthetic parties to a refined scorecard:')
  const runId = await trigger(url, 'full_scoring_pipeline', 'BATCH_001')
  await story(url, await finish(url, runId, (stage) => say(`  ${stage} …`)))
}

const story = async (url: string, run: RunView | undefined): Promise<void> => {
  if (!run) return
  const { events } = await get<{ events: HistoryEvent[] }>(`${url}/history/runs/${run.run_id}`)
  say(`\nWhat the ledger holds of ${run.run_id}:\n`)
  for (const line of tellStory(events)) say(line)
}

const trigger = async (url: string, pipeline: string, batch: string): Promise<string> => {
  const body = JSON.stringify({ batch_id: batch })
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${url}/api/pipeline/trigger/${pipeline}`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`${pipeline} was not triggered: ${await response.text()}`)
  return ((await response.json()) as { run_id: string }).run_id
}

/** Polls until the run has ended; `onStage` hears of each stage as it begins. */
const finish = async (url: string, runId: string, onStage?: (stage: string) => void): Promise<RunView> => {
  const begun = new Set<string>()
  for (const until = Date.now() + runTimeoutMs; Date.now() < until; ) {
    const run = await get<RunView>(`${url}/api/pipeline/status/${runId}`)
    for (const [stage, { status }] of Object.entries(run.assets)) {
      if (status === 'QUEUED' || begun.has(stage)) continue
      begun.add(stage)
      onStage?.(stage)
    }
    if (run.status !== 'QUEUED' && run.status !== 'STARTED') return run
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs))
  }
  throw new Error(`${runId} did not end within ${runTimeoutMs / 1000} s`)
}

const get = async <Body>(url: string): Promise<Body> => {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}
