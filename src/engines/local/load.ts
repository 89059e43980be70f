import type { FileSink } from '../../domain/pipeline/manifest.ts'
import { fillTemplate } from '../../domain/pipeline/relative-path.ts'
import type { Column } from '../../domain/run/drift.ts'
import type { StagedFile } from '../../domain/run/events.ts'
import { columnsOf } from './columns.ts'
import { failed } from './errors.ts'
import { identifier } from './sql.ts'
import { stageFile } from './staging.ts'
import type { Copied, Tables } from './tables.ts'
import { insideTenant, type Workspace } from './workspace.ts'

/** Stages the file of a sink. */
export const loadSink = async (
  sink: FileSink,
  workspace: Workspace,
  tables: Tables,
  signal: AbortSignal,
): Promise<Copied & { file: StagedFile; columns: Column[] }> => {
  const target = targetOf(sink.path, workspace)
  await insideTenant(workspace.root, target)
  let copied: Copied = { rows: 0, bytesRead: 0 }
  const file = await stageFile(workspace, target, async (path) => {
    copied = await tables.copy(`SELECT * FROM ${identifier(sink.from)}`, sink.type, path, signal)
  })
  return { ...copied, file, columns: await columnsOf(sink.from, tables, signal) }
}

const targetOf = (template: string, { job }: Workspace): string => {
  if (template.includes('{partition}') && job.partition === null)
    throw failed(`The path '${template}' needs a partition, but this run has none`)
  return fillTemplate(template, { partition: job.partition, run_id: job.runId })
}
