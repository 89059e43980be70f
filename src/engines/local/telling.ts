import type { StageResult } from '../../app/ports/engine.ts'
import type { QualityCheck } from '../../domain/pipeline/manifest.ts'
import type { Stage } from '../../domain/pipeline/stages.ts'
import type { RejectedRows } from '../../domain/run/events.ts'
import { toStageError } from './errors.ts'
import { sizeOf } from './staging.ts'
import type { Workspace } from './workspace.ts'

/** What the engine writes into a run's log: counts and names of the tenant's own files, never a row. */

export const tellSource = async (
  { say }: Workspace,
  { name, path, target }: { name: string; path: string; target: string },
): Promise<void> => {
  const bytes = await sizeOf(path).catch(() => null)
  say('info', `Source ${name} is ${target}, ${bytes ?? 'unknown'} bytes`, { source: name, path: target, bytes })
}

/** Of use only when a query asks for it: then the run fails with the same words. */
export const tellNoSource = ({ say, root }: Workspace, name: string, fault: unknown): void =>
  say('warn', toStageError(fault, [root]).message, { source: name })

interface Found {
  rows: number
  fault: string | null
  rejected?: RejectedRows
}

export const tellCheck = ({ say }: Workspace, { name, type, on }: QualityCheck, found: Found): void => {
  const { rows, fault, rejected } = found
  const fields = { check: name, type, table: on, rows }
  if (fault !== null) say('error', `Check ${name} has failed: ${fault}`, fields, 'QUALITY_CHECK_FAILED')
  else if (rejected) {
    const { reason, rows: count, file } = rejected
    const message = `Check ${name} has turned rows of ${on} away: ${reason}; they go to ${file}`
    say('warn', message, { ...fields, rejected: count, file })
  } else say('info', `Check ${name} has passed: ${rows} rows of ${on}`, fields)
}

/** A stage that takes its time says so first. */
export const tellBegun = ({ say }: Workspace, stage: Stage): void => {
  if (stage.kind !== 'transformation' || stage.transformation.type !== 'sleep') return
  const { seconds } = stage.transformation
  say('info', `Sleeping for ${seconds} s`, { seconds })
}

/** What a stage has made. Checks have told themselves. */
export const tellMade = (workspace: Workspace, stage: Stage, made: StageResult): void => {
  const { say } = workspace
  const { rows, bytesRead, bytesWritten: bytes, computeMs: ms, files } = made
  if (stage.kind === 'load') {
    const sinks = Object.entries(workspace.job.manifest.sinks)
    const sink = sinks.find(([, declared]) => declared === stage.sink)?.[0] ?? stage.name
    for (const { target: path } of files)
      say('info', `Sink ${sink} has ${rows} rows for ${path}, ${bytes} bytes`, { sink, path, rows, bytes, ms })
  } else if (stage.kind === 'transformation' && stage.transformation.type === 'sql') {
    const message = `${stage.name} has ${rows} rows, from ${bytesRead} bytes read, in ${ms} ms`
    say('info', message, { table: stage.name, rows, bytes_read: bytesRead, bytes_written: bytes, ms })
  } else if (stage.kind === 'transformation' && stage.transformation.type === 'scoring') {
    const { step } = stage.transformation
    say('info', `Step ${step} has made ${rows} rows, ${bytes} bytes, in ${ms} ms`, { step, rows, bytes, ms })
    for (const { target: path, bytes: size } of files) say('info', `${path} has ${size} bytes`, { path, bytes: size })
  }
}
