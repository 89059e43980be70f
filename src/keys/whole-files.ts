import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const fileMode = 0o600
const directoryMode = 0o700
/** What is written takes milliseconds; a temporary file as old as this was left by a process that was killed. */
const temporaryAgeMaxMs = 3_600_000

/** A file's text and what changes when another file takes its place. */
export interface Stamped {
  text: string
  stamp: string
}

/**
 * Files in one directory that appear, change and go whole or not at all, for their owner only, and that outlast a power
 * cut once a promise has resolved. Paths are relative to the directory. Several processes may share it.
 */
export class WholeFiles {
  readonly dir: string
  /** Folders that are known to exist, and to outlast a power cut; as many as there are shards. */
  readonly #folders = new Set<string>()

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(dir: string): Promise<WholeFiles> {
    const files = new WholeFiles(resolve(dir))
    await files.#folder('tmp')
    await files.#sweep(Date.now() - temporaryAgeMaxMs)
    return files
  }

  async read(path: string): Promise<Stamped | undefined> {
    const file = await orUndefined(open(join(this.dir, path), 'r'))
    if (file === undefined) return undefined
    try {
      const { ino, mtimeNs } = await file.stat({ bigint: true })
      return { text: await file.readFile('utf8'), stamp: `${ino}:${mtimeNs}` }
    } finally {
      await file.close()
    }
  }

  async stampOf(path: string): Promise<string | undefined> {
    const found = await orUndefined(stat(join(this.dir, path), { bigint: true }))
    return found && `${found.ino}:${found.mtimeNs}`
  }

  /** False when there is one already: of two that create it, one wins. */
  async create(path: string, text: string): Promise<boolean> {
    const temporary = await this.#temporary(path, text)
    try {
      await link(temporary, join(this.dir, path))
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    } finally {
      await unlink(temporary)
    }
    await this.syncFolderOf(path)
    return true
  }

  /** Writes it anew, or in the place of one that is there; of that no name is left, not even a temporary one. */
  async put(path: string, text: string): Promise<void> {
    const temporary = await this.#temporary(path, text)
    try {
      await rename(temporary, join(this.dir, path))
    } catch (error) {
      await orUndefined(unlink(temporary))
      throw error
    }
    await this.syncFolderOf(path)
  }

  async remove(path: string): Promise<void> {
    await orUndefined(unlink(join(this.dir, path)))
    await this.syncFolderOf(path)
  }

  /**
   * Removes the file only if it has this text. It is taken away before it is looked at, since another process could put
   * its own in the place of one that was only looked at; such a one is given back.
   */
  async removeIf(path: string, text: string): Promise<void> {
    if ((await this.read(path))?.text !== text) return
    const taken = join('tmp', randomUUID())
    if ((await orUndefined(rename(join(this.dir, path), join(this.dir, taken)).then(() => true))) === undefined) return
    if ((await this.read(taken))?.text !== text) await this.#giveBack(taken, path)
    await unlink(join(this.dir, taken))
    await this.syncFolderOf(path)
  }

  /** Also makes durable what another process has only just written there. */
  syncFolderOf(path: string): Promise<void> {
    return sync(join(this.dir, dirname(path)))
  }

  async #giveBack(taken: string, path: string): Promise<void> {
    try {
      await link(join(this.dir, taken), join(this.dir, path))
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  }

  async #temporary(path: string, text: string): Promise<string> {
    await this.#folder(dirname(path))
    const temporary = join(this.dir, 'tmp', randomUUID())
    const file = await open(temporary, 'wx', fileMode)
    try {
      await file.writeFile(text)
      await file.sync()
    } catch (error) {
      await unlink(temporary)
      throw error
    } finally {
      await file.close()
    }
    return temporary
  }

  async #folder(path: string): Promise<void> {
    if (this.#folders.has(path)) return
    const folder = join(this.dir, path)
    const first = (await mkdir(folder, { recursive: true, mode: directoryMode })) ?? folder
    // Also what another process has only just created: every level, and the entry that names the directory itself.
    const top = dirname(first.length < this.dir.length ? first : this.dir)
    for (let at = folder; at !== top; at = dirname(at)) await sync(dirname(at))
    this.#folders.add(path)
  }

  async #sweep(beforeMs: number): Promise<void> {
    for (const name of await readdir(join(this.dir, 'tmp'))) {
      const temporary = join(this.dir, 'tmp', name)
      const found = await orUndefined(stat(temporary))
      if (found && found.ctimeMs < beforeMs) await orUndefined(unlink(temporary))
    }
  }
}

const sync = async (path: string): Promise<void> => {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Undefined where there is no such file. */
const orUndefined = async <T>(found: Promise<T>): Promise<T | undefined> => {
  try {
    return await found
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
