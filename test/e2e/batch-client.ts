import { pause } from './service.ts'

export interface RunStatus {
  run_id: string
  status: string
  pipeline: string
  batch_id: string
  error?: { code: string; details: { failed_asset: string | null; error: string } }
  assets: Record<string, { status: string; output: Record<string, unknown> | null }>
}

export interface HistoryEvent {
  type: string
  revision: number
  /** ISO time of the ledger. */
  recorded_at: string
  data: Record<string, unknown>
}

const ended = new Set(['SUCCESS', 'FAILURE', 'CANCELED'])

/** The batch dialect as its users call it. */
export class BatchClient {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async trigger(pipeline: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api/pipeline/trigger/${pipeline}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  }

  /** Triggers and returns the run's id; throws when the answer is not 200. */
  async triggered(pipeline: string, batch: string, config: object = {}): Promise<string> {
    const response = await this.trigger(pipeline, { batch_id: batch, config })
    const body = (await response.json()) as { run_id: string }
    if (response.status !== 200) throw new Error(JSON.stringify(body))
    return body.run_id
  }

  cancel(runId: string): Promise<Response> {
    return fetch(`${this.url}/api/pipeline/cancel/${runId}`, { method: 'POST' })
  }

  async status(runId: string): Promise<RunStatus> {
    const response = await fetch(`${this.url}/api/pipeline/status/${runId}`)
    if (response.status !== 200) throw new Error(`${runId}: ${response.status} ${await response.text()}`)
    return (await response.json()) as RunStatus
  }

  async history(runId: string): Promise<HistoryEvent[]> {
    const response = await fetch(`${this.url}/history/runs/${runId}`)
    if (response.status !== 200) throw new Error(`${runId}: ${response.status} ${await response.text()}`)
    return ((await response.json()) as { events: HistoryEvent[] }).events
  }

  /** Polls until the run has ended, ever less often. */
  async finished(runId: string, timeoutMs = 60_000): Promise<RunStatus> {
    return this.until(runId, ({ status }) => ended.has(status), timeoutMs)
  }

  async until(runId: string, holds: (run: RunStatus) => boolean, timeoutMs = 60_000): Promise<RunStatus> {
    let run = await this.status(runId)
    let pauseMs = 50
    for (const until = Date.now() + timeoutMs; !holds(run); run = await this.status(runId)) {
      if (Date.now() > until) throw new Error(`${runId} is still ${run.status} after ${timeoutMs} ms`)
      await pause(pauseMs)
      pauseMs = Math.min(pauseMs * 1.2, 250)
    }
    return run
  }

  async text(path: string): Promise<string> {
    return (await fetch(`${this.url}${path}`)).text()
  }
}
