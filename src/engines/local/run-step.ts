import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { JsonValue } from '../../domain/json.ts'
import type { Column, SinkSchema } from '../../domain/run/drift.ts'
import type { StagedFile } from '../../domain/run/events.ts'
import type { Database } from './database.ts'
import { canceled, checkSignal, failed } from './errors.ts'
import { reservePath } from './reservations.ts'
import { readRows, writeRows } from './rows.ts'
import { sizeOf, stageFile } from './staging.ts'
import type { Step, StepContext, StepResult } from './step.ts'
import { insideTenant, type Workspace } from './workspace.ts'

interface StepRun {
  workspace: Workspace
  database: Database
  /** Staged paths by target, of the stages of this run that came before. */
  staged: ReadonlyMap<string, string>
  signal: AbortSignal
}

interface StepRan {
  result: StepResult
  files: StagedFile[]
  /** One per table, by its file's name: its folder is the batch's. No sink of a manifest has a dot in its name. */
  sinks: SinkSchema[]
  bytesRead: number
}

/** Runs a built-in step and stages what it has made. */
export const runStep = async (step: Step, run: StepRun): Promise<StepRan> => {
  const { workspace, database, signal } = run
  const reader = readerOf(run)
  const result = await untilCanceled(step(reader.context), signal).finally(reader.reserved)
  const files: StagedFile[] = []
  const sinks: SinkSchema[] = []
  for (const { path, rows } of result.tables) {
    await insideTenant(workspace.root, path)
    let columns: Column[] = []
    const write = async (file: string) => {
      columns = await writeRows(database, rows, file, signal)
    }
    files.push(await stageFile(workspace, path, write))
    sinks.push({ sink: basename(path), columns })
  }
  for (const { path, json } of result.documents) {
    checkSignal(signal)
    await insideTenant(workspace.root, path)
    files.push(await stageFile(workspace, path, (file) => writeFile(file, `${JSON.stringify(json, null, 2)}\n`)))
  }
  return { result, files, sinks, bytesRead: reader.bytesRead() }
}

interface Reader {
  context: StepContext
  bytesRead(): number
  /** Waits for reservations under way, so that a discard after a cancel finds them all. */
  reserved(): Promise<unknown>
}

const readerOf = (run: StepRun): Reader => {
  const { job } = run.workspace
  if (job.partition === null) throw failed('This step needs a partition, which names the batch')
  let bytesRead = 0
  const read = async <T>(path: string, parse: (file: string) => Promise<T>): Promise<T | null> => {
    checkSignal(run.signal)
    const file = await locate(path, run)
    const bytes = await sizeOf(file)
    if (bytes === null) return null
    bytesRead += bytes
    return parse(file)
  }
  const reserving: Promise<boolean>[] = []
  const reserve = async (path: string): Promise<boolean> => {
    checkSignal(run.signal)
    const answer = reservePath(run.workspace, path)
    reserving.push(answer)
    return answer
  }
  const defaults = Object.entries(job.manifest.parameters).map(([name, spec]) => [name, spec.default])
  const context: StepContext = {
    batch: job.partition,
    parameters: { ...Object.fromEntries(defaults), ...job.parameters },
    requestedAt: job.requestedAt,
    readTable: (path) => read(path, (file) => readRows(run.database, file, run.signal)),
    readDocument: (path) => read(path, async (file): Promise<JsonValue> => JSON.parse(await readFile(file, 'utf8'))),
    reserve,
  }
  return { context, bytesRead: () => bytesRead, reserved: () => Promise.allSettled(reserving) }
}

/** What this run has staged goes before what is published. */
const locate = async (path: string, { workspace, staged }: StepRun): Promise<string> => {
  const published = await insideTenant(workspace.root, path)
  const own = staged.get(path)
  return own === undefined ? published : join(workspace.root, own)
}

/** A step knows no signal, so a cancel does not wait for it: what it yet answers is thrown away. */
const untilCanceled = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  checkSignal(signal)
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(canceled())
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
