import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isTaken } from './errors.ts'

export interface Digest {
  /** Lower-case hex. */
  sha256: string
  bytes: number
}

export const digestOf = async (path: string): Promise<Digest> => {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** Asks the disk to keep a file's bytes, or a folder's names. */
export const sync = async (path: string): Promise<void> => {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder and those above it, and has the disk keep the names of the new ones. */
export const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let path = folder; path.length >= first.length; path = dirname(path)) await sync(dirname(path))
}

/**
 * Writes a file under a name of its own and gives it its real name when its bytes are on the disk, so that it is
 * there as a whole or not at all, also when two do it at once. `nameOf` may need the bytes to name them.
 */
export const writeDurably = async (
  folder: string,
  nameOf: (written: string) => string | Promise<string>,
  write: (path: string) => Promise<void>,
  place: (from: string, to: string) => Promise<void> = rename,
): Promise<string> => {
  await makeFolder(folder)
  const temporary = join(folder, `.${randomUUID()}.tmp`)
  try {
    await write(temporary)
    await sync(temporary)
    const path = join(folder, await nameOf(temporary))
    await place(temporary, path)
    await sync(folder)
    return path
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Writes a small file whose name only one can take, also between processes; false when the name is taken. */
export const createDurably = async (path: string, text: string): Promise<boolean> => {
  try {
    await writeDurably(
      dirname(path),
      () => basename(path),
      (temporary) => writeFile(temporary, text),
      link,
    )
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}
