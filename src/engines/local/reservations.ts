import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing } from './errors.ts'
import { createDurably } from './files.ts'
import { noteFolder, sizeOf } from './staging.ts'
import { insideTenant, reservationFile, type Workspace } from './workspace.ts'

/**
 * In a run's staging, named as the reservations: what the run may hold, for the discard, and what it was refused, for
 * a later attempt, which a path given back meanwhile must not lead elsewhere. They are not synced: what a power cut
 * takes of them costs a path that stays unused, at most.
 */
const heldFolder = join(noteFolder, 'held')
const refusedFolder = join(noteFolder, 'refused')

/**
 * Claims a path of the tenant for a run, for good and between processes: a file, named by the path's SHA-256, that
 * holds the run's id. Answers each attempt of a run the same.
 */
export const reservePath = async ({ root, run, job }: Workspace, path: string): Promise<boolean> => {
  const target = await insideTenant(root, path)
  const name = createHash('sha256').update(path).digest('hex')
  const reservation = await reservationFile(root, name)
  const refused = join(root, run, refusedFolder, name)
  // The target is looked at after the reservation: who publishes has reserved before, and keeps that.
  if ((await holderOf(reservation)) === null && !(await exists(refused)) && !(await exists(target))) {
    await note(join(root, run, heldFolder, name))
    await createDurably(reservation, job.runId)
  }
  if ((await holderOf(reservation)) === job.runId) return true
  await note(refused)
  return false
}

/** Gives back what a run holds that will not be published. */
export const giveBack = async (root: string, run: string): Promise<void> => {
  const held = join(root, run, heldFolder)
  for (const name of await namesIn(held)) {
    // Who takes the note away gives back: of two that discard a run at once, the later might meet the next holder.
    if (!(await removed(join(held, name)))) continue
    const reservation = await reservationFile(root, name)
    if ((await holderOf(reservation)) === basename(run)) await rm(reservation)
  }
}

/** The id of a run, or null when nobody holds it. */
const holderOf = async (reservation: string): Promise<string | null> => {
  try {
    return await readFile(reservation, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

const exists = async (path: string): Promise<boolean> => (await sizeOf(path)) !== null

const note = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, '')
}

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const removed = async (path: string): Promise<boolean> => {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
