import { readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { StageError } from '../../app/ports/engine.ts'
import { stagingFolder } from '../../domain/pipeline/relative-path.ts'
import type { StagedFile } from '../../domain/run/events.ts'
import { isMissing } from './errors.ts'
import { digestOf, makeFolder, sync } from './files.ts'
import { noteFolder, spillFolder } from './staging.ts'
import { insideTenant } from './workspace.ts'

/**
 * Moves a run's committed files to their targets, and then removes its staging. A file that was moved before is
 * passed over, so this may be done again after any crash. When two stages wrote one target, the later file counts.
 */
export const publishFiles = async (root: string, run: string, files: readonly StagedFile[]): Promise<void> => {
  const byTarget = new Map(files.map((file) => [file.target, file]))
  const folders = new Set<string>()
  for (const file of byTarget.values()) {
    const path = await insideTenant(root, file.target)
    await makeFolder(dirname(path))
    if (await moved(join(root, stagedPath(run, file)), path)) folders.add(dirname(path))
    else await assertPublished(path, file)
  }
  for (const folder of folders) await sync(folder)
  await removeStaging(root, run)
}

/** Refuses to move what is not this run's. */
const stagedPath = (run: string, { staged, target }: StagedFile): string => {
  if (staged.startsWith(`${run}/`) && !staged.split('/').includes('..')) return staged
  throw new StageError('OUTPUT_LOST', `The file for '${target}' was not staged by this run`, false)
}

const moved = async (staged: string, path: string): Promise<boolean> => {
  try {
    await rename(staged, path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

const assertPublished = async (path: string, { target, sha256 }: StagedFile): Promise<void> => {
  const published = await digestOf(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (published?.sha256 !== sha256)
    throw new StageError('OUTPUT_LOST', `The committed file for '${target}' is neither staged nor published`, false)
}

/** Removes a run's staging and answers the files that it held, sorted, relative to the tenant's directory. */
export const discardStaging = async (root: string, run: string): Promise<string[]> => {
  const entries = await readdir(join(root, run), { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const own = new Set([noteFolder, spillFolder])
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep))
    .filter((segments) => !segments.some((segment, depth) => depth > 1 && own.has(segment)))
    .map((segments) => segments.join('/'))
  await removeStaging(root, run)
  return names.sort()
}

const removeStaging = async (root: string, run: string): Promise<void> => {
  await rm(join(root, run), { recursive: true, force: true })
  await sync(join(root, stagingFolder)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}
