import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { StageError } from '../../app/ports/engine.ts'
import { stagingFolder } from '../../domain/pipeline/relative-path.ts'
import type { StagedFile } from '../../domain/run/events.ts'
import { isMissing, isTaken } from './errors.ts'
import { digestOf, makeFolder, sync } from './files.ts'
import { giveBack } from './reservations.ts'
import { noteFolder, publishedFolder, sizeOf, spillFolder } from './staging.ts'
import { insideTenant } from './workspace.ts'

const removeRetriesMax = 3
const removeDelayMs = 20

/**
 * Moves a run's committed files to their targets, and then removes its staging. A file that was moved before is
 * passed over, so this may be done again after any crash, also when another run has replaced the file since. When two
 * stages wrote one target, the later file counts.
 */
export const publishFiles = async (root: string, run: string, files: readonly StagedFile[]): Promise<void> => {
  const byTarget = new Map(files.map((file) => [file.target, file]))
  const markers = join(root, run, publishedFolder)
  await unlessGone(beginPublishing(markers))
  for (const file of byTarget.values()) {
    const path = await insideTenant(root, file.target)
    const marker = join(markers, createHash('sha256').update(file.target).digest('hex'))
    await makeFolder(dirname(path))
    if (!(await moved(join(root, stagedPath(run, file)), path))) {
      if ((await sizeOf(marker)) !== null) continue
      await assertPublished(path, file)
    }
    await sync(dirname(path))
    await unlessGone(mark(marker))
  }
  await removeStaging(root, run)
}

const beginPublishing = async (markers: string): Promise<void> => {
  await mkdir(markers).catch((error: unknown) => {
    if (!isTaken(error)) throw error
  })
  await sync(dirname(markers))
}

const mark = async (marker: string): Promise<void> => {
  await writeFile(marker, '')
  await sync(dirname(marker))
}

/** Without staging there is nothing to mark: this run was published before, or at the same time by someone else. */
const unlessGone = (marking: Promise<void>): Promise<void> =>
  marking.catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })

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

/**
 * Removes a run's staging and answers the files that it held, sorted, relative to the tenant's directory. Its
 * reservations are given back, but for a run that has begun to publish.
 */
export const discardStaging = async (root: string, run: string): Promise<string[]> => {
  if ((await sizeOf(join(root, run, publishedFolder))) === null) await giveBack(root, run)
  const entries = await readdir(join(root, run), { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const own = new Set([noteFolder, publishedFolder, spillFolder])
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep))
    .filter((segments) => !segments.some((segment, depth) => depth > 1 && own.has(segment)))
    .map((segments) => segments.join('/'))
  await removeStaging(root, run)
  return names.sort()
}

const removeStaging = async (root: string, run: string): Promise<void> => {
  // Retried where someone else, who publishes the same, has put a marker into a folder that is being removed.
  await rm(join(root, run), { recursive: true, force: true, maxRetries: removeRetriesMax, retryDelay: removeDelayMs })
  await sync(join(root, stagingFolder)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}
