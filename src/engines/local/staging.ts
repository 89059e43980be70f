import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StageError } from '../../app/ports/engine.ts'
import type { JsonValue } from '../../domain/json.ts'
import type { StagedFile } from '../../domain/run/events.ts'
import { isMissing } from './errors.ts'
import { type Digest, digestOf, writeDurably } from './files.ts'
import type { Workspace } from './workspace.ts'

/** Beside the 64 of a hash; file systems allow 255 for both. */
const baseNameCharsMax = 120

/** The folders of a run's staging that are the engine's own and hold nothing that a user would know. */
export const noteFolder = 'notes'
export const spillFolder = 'spill'
/** Made before the first file is published; holds a marker, named by the target's SHA-256, for each that is. */
export const publishedFolder = 'published'

/** Where a transformation's table is kept: the same for every attempt, so that a later one need not compute it again. */
export const workFile = ({ root, run }: Workspace, transformation: string): string =>
  join(root, run, 'work', `${encodeURIComponent(transformation)}.parquet`)

/** Where the rows are kept that a check has turned away. */
export const rejectedWorkFile = ({ root, run }: Workspace, check: string): string =>
  join(root, run, 'work', 'rejected', `${encodeURIComponent(check)}.ndjson`)

/**
 * Stages a file, which waits for the commit under a name of run, attempt, target and content: two targets may well hold
 * the same. `target` was checked before.
 */
export const stageFile = async (
  { root, attempt }: Workspace,
  target: string,
  write: (path: string) => Promise<void>,
): Promise<StagedFile> => {
  let digest: Digest = { sha256: '', bytes: 0 }
  const folder = `${attempt}/${createHash('sha256').update(target).digest('hex').slice(0, 16)}`
  const path = await writeDurably(
    join(root, folder),
    async (written) => {
      digest = await digestOf(written)
      return `${digest.sha256}-${basename(target).slice(-baseNameCharsMax)}`
    },
    write,
  )
  return { target, staged: `${folder}/${basename(path)}`, ...digest }
}

/** Size in bytes, or null when there is no such file. */
export const sizeOf = async (path: string): Promise<number | null> => {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Notes for later stages, and for a later attempt, which file a step has staged for which target. */
export const noteStaged = async ({ root, run }: Workspace, stage: string, files: StagedFile[]): Promise<void> => {
  const note = JSON.stringify(Object.fromEntries(files.map(({ target, staged }) => [target, staged])))
  await writeDurably(
    join(root, run, noteFolder),
    () => noteName(stage),
    (path) => writeFile(path, note),
  )
}

/** Staged paths by target. */
export const stagedBy = async ({ root, run }: Workspace, stage: string): Promise<Map<string, string>> => {
  const lost = new StageError('OUTPUT_LOST', `What stage '${stage}' had staged is gone`, false)
  const text = await readFile(join(root, run, noteFolder, noteName(stage)), 'utf8').catch((error: unknown) => {
    throw isMissing(error) ? lost : error
  })
  const note: JsonValue = JSON.parse(text)
  if (typeof note !== 'object' || note === null || Array.isArray(note)) throw lost
  const entries = Object.entries(note).flatMap(([target, staged]): [string, string][] =>
    typeof staged === 'string' ? [[target, staged]] : [],
  )
  return new Map(entries)
}

const noteName = (stage: string): string => `${encodeURIComponent(stage)}.json`
