import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { EngineSession, StageResult } from '../../app/ports/engine.ts'
import type { FileSink, ScoringStep, Transformation } from '../../domain/pipeline/manifest.ts'
import { planOf, type Stage } from '../../domain/pipeline/stages.ts'
import type { Dataset } from '../../domain/run/lineage.ts'
import { recorded } from './column-lineage/record.ts'
import { Trace } from './column-lineage/trace.ts'
import { columnsOf, schemaOf } from './columns.ts'
import { checkContract } from './contract.ts'
import { type Database, openDatabase } from './database.ts'
import { canceled, checkSignal, failed, toStageError } from './errors.ts'
import { loadSink } from './load.ts'
import { runChecks } from './quality.ts'
import { runStep } from './run-step.ts'
import { locateSource } from './sources.ts'
import { noteStaged, spillFolder, stagedBy } from './staging.ts'
import type { Step } from './step.ts'
import { Tables } from './tables.ts'
import { tellBegun, tellMade, tellNoSource, tellSource } from './telling.ts'
import type { Workspace } from './workspace.ts'

interface SessionOptions {
  workspace: Workspace
  samplesDir: string | null
  steps: Record<ScoringStep, Step>
}

type Done = Omit<StageResult, 'computeMs'>
const nothing: Done = { output: {}, rows: 0, bytesRead: 0, bytesWritten: 0, files: [], lineage: null }

/** One attempt of a run. DuckDB is opened when a stage first needs it. */
export class LocalSession implements EngineSession {
  readonly #options: SessionOptions
  readonly #plan: Map<string, Stage>
  readonly #completed: Set<string>
  readonly #databases: Promise<Database>[] = []
  #tables: Promise<Tables> | undefined
  #trace: Trace | undefined
  #store: Promise<Database> | undefined

  constructor(options: SessionOptions) {
    const { job } = options.workspace
    this.#options = options
    this.#plan = new Map(planOf(job.manifest).map((stage) => [stage.name, stage]))
    this.#completed = new Set(job.completedStages)
  }

  async runStage(name: string, signal: AbortSignal): Promise<StageResult> {
    const { workspace, samplesDir } = this.#options
    const started = performance.now()
    try {
      checkSignal(signal)
      const stage = this.#plan.get(name)
      if (stage === undefined) throw failed(`The pipeline has no stage '${name}'`)
      tellBegun(workspace, stage)
      const done = await this.#run(stage, signal)
      checkSignal(signal)
      this.#completed.add(name)
      const made = { ...done, computeMs: Math.round(performance.now() - started) }
      tellMade(workspace, stage, made)
      return made
    } catch (error) {
      throw signal.aborted ? canceled() : toStageError(error, [workspace.root, ...(samplesDir ? [samplesDir] : [])])
    }
  }

  async close(): Promise<void> {
    for (const opened of await Promise.allSettled(this.#databases))
      if (opened.status === 'fulfilled') await opened.value.close()
  }

  #run(stage: Stage, signal: AbortSignal): Promise<Done> {
    switch (stage.kind) {
      case 'transformation':
        return this.#transform(stage.transformation, signal)
      case 'quality_checks':
        return this.#check(signal)
      case 'load':
        return this.#load(stage.sink, signal)
    }
  }

  async #transform(transformation: Transformation, signal: AbortSignal): Promise<Done> {
    switch (transformation.type) {
      case 'sql': {
        const { rows, ...bytes } = await (await this.#openTables()).materialise(transformation.name, signal)
        return { ...nothing, ...bytes, output: { rows }, rows }
      }
      case 'sleep':
        await pause(transformation.seconds * 1000, undefined, { signal })
        return { ...nothing, output: { slept_seconds: transformation.seconds } }
      case 'scoring':
        return this.#score(transformation.name, transformation.step, signal)
    }
  }

  async #check(signal: AbortSignal): Promise<Done> {
    const { workspace } = this.#options
    const { quality_checks } = workspace.job.manifest
    return { ...nothing, ...(await runChecks(quality_checks, workspace, await this.#openTables(), signal)) }
  }

  async #load(sink: FileSink, signal: AbortSignal): Promise<Done> {
    const tables = await this.#openTables()
    const { workspace } = this.#options
    const { contract, manifest } = workspace.job
    if (contract && manifest.sinks[contract.sink] === sink) await checkContract(contract, sink.from, tables, signal)
    const { file, columns, rows, bytesRead } = await loadSink(sink, workspace, tables, signal)
    const sinks = Object.entries(workspace.job.manifest.sinks).filter(([, declared]) => declared === sink)
    const inputs = this.#datasets(await tables.sourcesOf(sink.from, signal))
    const output = this.#dataset(file.target)
    const traced = await this.#trace?.of(sink.from, signal)
    return {
      output: { path: file.target, rows, bytes: file.bytes },
      rows,
      bytesRead,
      bytesWritten: file.bytes,
      files: [file],
      lineage: {
        inputs,
        outputs: [output],
        ...(traced && { columns: [recorded(output, traced, (path) => this.#dataset(path))] }),
      },
      ...schemaOf(sinks.map(([name]) => ({ sink: name, columns }))),
    }
  }

  async #score(name: string, stepName: ScoringStep, signal: AbortSignal): Promise<Done> {
    const { workspace, steps } = this.#options
    this.#store ??= this.#open({ files: [], folder: workspace.root })
    const run = { workspace, database: await this.#store, staged: await this.#stagedBefore(name), signal }
    const { result, files, sinks, bytesRead } = await runStep(steps[stepName], run)
    await noteStaged(workspace, name, files)
    return {
      output: result.output,
      rows: result.tables.reduce((sum, { rows }) => sum + rows.length, 0),
      bytesRead,
      bytesWritten: files.reduce((sum, { bytes }) => sum + bytes, 0),
      files,
      lineage: { inputs: this.#datasets(result.reads), outputs: this.#datasets(files.map(({ target }) => target)) },
      ...schemaOf(sinks),
    }
  }

  async #stagedBefore(name: string): Promise<Map<string, string>> {
    const staged = new Map<string, string>()
    for (const stage of this.#plan.values()) {
      if (stage.name === name) break
      const stages = stage.kind === 'transformation' && stage.transformation.type === 'scoring'
      if (!stages || !this.#completed.has(stage.name)) continue
      for (const [target, path] of await stagedBy(this.#options.workspace, stage.name)) staged.set(target, path)
    }
    return staged
  }

  #dataset(name: string): Dataset {
    return { namespace: `file://${this.#options.workspace.job.tenant}`, name }
  }

  #datasets(names: readonly string[]): Dataset[] {
    return names.map((name) => this.#dataset(name))
  }

  #openTables(): Promise<Tables> {
    this.#tables ??= this.#makeTables()
    return this.#tables
  }

  /** SQL reaches the files of its sources and this run's staging, and nothing else of the tenant. */
  async #makeTables(): Promise<Tables> {
    const { workspace, samplesDir } = this.#options
    const { root, run, job } = workspace
    const paths = new Map<string, string>()
    const faults = new Map<string, unknown>()
    for (const [name, source] of Object.entries(job.manifest.sources))
      await locateSource(root, samplesDir, name, source).then(
        async (path) => {
          paths.set(name, path)
          await tellSource(workspace, { name, path, target: source.path })
        },
        (fault: unknown) => {
          faults.set(name, fault)
          tellNoSource(workspace, name, fault)
        },
      )
    const sourcePath = (name: string): string => {
      const path = paths.get(name)
      if (path === undefined) throw faults.get(name)
      return path
    }
    const database = await this.#open({ files: [...paths.values()], folder: join(root, run) })
    const tables = new Tables({ workspace, database, sourcePath })
    const described = (table: string, signal: AbortSignal) => columnsOf(table, tables, signal)
    this.#trace = new Trace({ job, open: () => database.beside(), columnsOf: described })
    return tables
  }

  #open(reach: { files: string[]; folder: string }): Promise<Database> {
    const { root, attempt } = this.#options.workspace
    const database = openDatabase({ ...reach, root, spill: join(root, attempt, spillFolder) })
    this.#databases.push(database)
    return database
  }
}
