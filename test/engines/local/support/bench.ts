import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { onTestFinished } from 'vitest'
import type { Engine, EngineJob, EngineSession, SinkContract, StageResult } from '../../../../src/app/ports/engine.ts'
import type { SayInLog } from '../../../../src/app/ports/run-logs.ts'
import { must, parsePartitionKey, parseRunId, parseTenantId } from '../../../../src/domain/ids.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import type { Manifest, ScoringStep } from '../../../../src/domain/pipeline/manifest.ts'
import { stagesOf } from '../../../../src/domain/pipeline/stages.ts'
import type { StagedFile } from '../../../../src/domain/run/events.ts'
import { localEngine } from '../../../../src/engines/local/engine.ts'
import type { Step } from '../../../../src/engines/local/step.ts'
import { parseManifest } from '../../../../src/manifests/schema.ts'

export const samples = fileURLToPath(new URL('../../../../node_modules/vega-datasets/data', import.meta.url))
export const acme = must(parseTenantId('acme'), 'tenant')
export const runId = (text: string) => must(parseRunId(text), 'run')

const noStep: Step = async () => {
  throw new Error('this test has no such step')
}
const noSteps = { ingest: noStep, features: noStep, score: noStep, label: noStep, train: noStep, refine: noStep }

/** A manifest of the fields that a test is about. */
export const manifestOf = (fields: object): Manifest => {
  const parsed = parseManifest({ name: 'tested', version: '1', ...fields })
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  return parsed.manifest
}

export interface JobFields {
  run?: string
  attempt?: number
  partition?: string | null
  parameters?: JsonObject
  completedStages?: string[]
  contract?: SinkContract
}

export interface Bench {
  engine: Engine
  /** The directory of the tenant `acme`, and the one that holds it. */
  root: string
  tenantsDir: string
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
  open(manifest: Manifest, fields?: JobFields): Promise<EngineSession>
  /** What was said to the log: `level: message`. */
  said: string[]
  /** Runs stages (by default all) in a session of their own and answers their results by name. */
  run(manifest: Manifest, fields?: JobFields & { stages?: string[] }): Promise<Record<string, StageResult>>
  /** Runs all stages and publishes. */
  publish(manifest: Manifest, fields?: JobFields): Promise<Record<string, StageResult>>
}

export const never = new AbortController().signal

export const jobOf = (manifest: Manifest, fields: JobFields): EngineJob => ({
  tenant: acme,
  runId: runId(fields.run ?? 'run-1'),
  attempt: fields.attempt ?? 1,
  manifest,
  partition: fields.partition == null ? null : must(parsePartitionKey(fields.partition), 'partition'),
  parameters: fields.parameters ?? {},
  requestedAt: '2026-01-01T00:00:00.000Z',
  completedStages: fields.completedStages ?? [],
  ...(fields.contract ? { contract: fields.contract } : {}),
})

export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'local-engine-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A local engine on a directory of its own. */
export const openBench = async (
  options: { samplesDir?: string | null; steps?: Partial<Record<ScoringStep, Step>> } = {},
): Promise<Bench> => {
  const tenantsDir = await temporaryFolder()
  const root = join(tenantsDir, acme)
  const { samplesDir = null, steps = {} } = options
  const engine = localEngine({ tenantsDir, samplesDir, steps: { ...noSteps, ...steps } })
  const said: string[] = []
  const say: SayInLog = (level, message) => void said.push(`${level}: ${message}`)
  const open = (manifest: Manifest, fields: JobFields = {}) => engine.open(jobOf(manifest, fields), say)
  const run: Bench['run'] = async (manifest, fields = {}) => {
    const session = await open(manifest, fields)
    try {
      const results: Record<string, StageResult> = {}
      for (const stage of fields.stages ?? stagesOf(manifest)) results[stage] = await session.runStage(stage, never)
      return results
    } finally {
      await session.close()
    }
  }
  return {
    engine,
    root,
    tenantsDir,
    open,
    said,
    run,
    publish: async (manifest, fields = {}) => {
      const results = await run(manifest, fields)
      await engine.publish(acme, runId(fields.run ?? 'run-1'), filesOf(results))
      return results
    },
    write: async (path, text) => {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    },
    read: (path) => readFile(join(root, path), 'utf8'),
  }
}

export const filesOf = (results: Record<string, StageResult>): StagedFile[] =>
  Object.values(results).flatMap(({ files }) => files)

/** What a DuckDB without any of ours answers. */
export const plainDuckDb = async (sql: string): Promise<unknown[]> => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
