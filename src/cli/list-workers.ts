import { parseArgs } from 'node:util'
import type { WorkerCard, WorkerStats } from '../app/ports/worker-directory.ts'
import { findWorkers } from '../bus/nats/services.ts'
import type { Config } from '../config.ts'
import { StartError } from '../host/data-dir.ts'
import { createLog } from '../host/log.ts'

type Found = WorkerCard & WorkerStats

/** What `ledgerline workers` prints: a table of the workers that answer, or JSON. Throws StartError, BusUnavailable. */
export const listWorkers = async ({ natsUrl, logLevel }: Config, args: string[]): Promise<string> => {
  const json = wantsJson(args)
  if (natsUrl === null || natsUrl === 'spawn') {
    throw new StartError('workers are found over the bus that they share: NATS_URL=nats://HOST:PORT')
  }
  const found = await findWorkers(natsUrl, createLog(logLevel))
  return json ? `${JSON.stringify(found, null, 2)}\n` : table(found)
}

const wantsJson = (args: string[]): boolean => {
  try {
    return parseArgs({ args, options: { json: { type: 'boolean', default: false } } }).values.json
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

const columns: Record<string, (worker: Found) => string> = {
  HOST: ({ host }) => host,
  PID: ({ pid }) => String(pid),
  ENGINE: ({ engine }) => engine,
  ACTIVE: ({ active, concurrency }) => `${active}/${concurrency}`,
  PAUSED: ({ paused }) => String(paused),
  FINISHED: ({ finished }) => String(finished),
  FAILED: ({ failed }) => String(failed),
  STARTED: ({ startedAt }) => startedAt,
  INSTANCE: ({ instance }) => instance,
}

const table = (found: readonly Found[]): string => {
  if (found.length === 0) return 'no worker answers\n'
  const rows = [Object.keys(columns), ...found.map((worker) => Object.values(columns).map((show) => show(worker)))]
  const widths = Object.keys(columns).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return `${rows.map((row) => line(row).trimEnd()).join('\n')}\n`
}
