import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { line, load, type Measured, root, type Started, start } from './processes.ts'

const seconds = Number(process.env.BENCH_SECONDS ?? 5)
const connectionCounts = [1, 16, 64]
const body = { batch_id: 'p[<id>]' }

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Durable commands and reads over HTTP, each beside an empty Hono route in the same run. */
export const run = async (): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const empty = await start('bench/empty.js', [], /^ready (\S+)$/m, {})
  const env = {
    DATA_DIR: dataDir,
    PORT: '0',
    WORKER: 'none',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_HOUR: '1000000000',
    RATE_LIMIT_BURST: '1000000',
    PIPELINES_DIR: join(root, 'bench/pipelines'),
  }
  const service = await start('src/cli.js', ['serve'], /^ledgerline ready (\S+)$/m, env)
  try {
    await load({ url: `${empty.url}/`, connections: 16, seconds: 1, body })
    await trigger(service, 'bench-plain', 16, 2)
    for (const connections of connectionCounts) await compare(empty, service, connections)
    await reads(empty, service)
  } finally {
    await service.stop()
    await empty.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const trigger = (service: Started, pipeline: string, connections: number, duration: number): Promise<Measured> =>
  load({ url: `${service.url}/api/pipeline/trigger/${pipeline}`, connections, seconds: duration, body })

const compare = async (empty: Started, service: Started, connections: number): Promise<void> => {
  const base = await load({ url: `${empty.url}/`, connections, seconds, body })
  say(line(`empty Hono route, POST, ${connections} connections`, base))
  say(
    line(
      `command of one append, ${connections} connections`,
      await trigger(service, 'bench-plain', connections, seconds),
      base,
    ),
  )
  say(
    line(
      `command of two appends, ${connections} connections`,
      await trigger(service, 'bench-claimed', connections, seconds),
      base,
    ),
  )
}

const reads = async (empty: Started, service: Started): Promise<void> => {
  const list = (await (await fetch(`${service.url}/api/pipeline/runs?limit=1`)).json()) as {
    total: number
    runs: { run_id: string }[]
  }
  const base = await load({ url: `${empty.url}/`, connections: 64, seconds })
  say(line('empty Hono route, GET, 64 connections', base))
  const status = `${service.url}/api/pipeline/status/${list.runs[0]?.run_id}`
  say(line('status by id, 64 connections', await load({ url: status, connections: 64, seconds }), base))
  const queued = `${service.url}/api/pipeline/runs?status=QUEUED`
  say(line(`list by status of ${list.total} runs, 1 connection`, await load({ url: queued, connections: 1, seconds })))
}
