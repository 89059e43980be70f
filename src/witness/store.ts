import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { originHash } from './protocol.ts'

/** Keeps the last checkpoint of each log, with the witness's own signature, as a file. One process has the directory. */
export class CheckpointStore {
  private readonly dir: string
  private readonly turns = new Map<string, Promise<unknown>>()

  constructor(dir: string) {
    this.dir = dir
  }

  read(origin: string): Promise<string | null> {
    return this.readHashed(originHash(origin))
  }

  /** By the hash of the origin, 64 hex digits. */
  async readHashed(hash: string): Promise<string | null> {
    try {
      return await readFile(this.fileOf(hash), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
  }

  /**
   * Lets `decide` see the last checkpoint of a log and answer with the next, or null: nobody else does meanwhile. The next
   * is on disk, whole, before this resolves.
   */
  update<Result>(
    origin: string,
    decide: (last: string | null) => { next: string | null; result: Result },
  ): Promise<Result> {
    const turn = (this.turns.get(origin) ?? Promise.resolve()).then(async () => {
      const { next, result } = decide(await this.read(origin))
      if (next !== null) await this.write(originHash(origin), next)
      return result
    })
    this.turns.set(
      origin,
      turn.catch(() => undefined),
    )
    return turn
  }

  private fileOf(hash: string): string {
    return join(this.dir, `${hash}.checkpoint`)
  }

  private async write(hash: string, note: string): Promise<void> {
    await mkdir(this.dir, { recursive: true })
    const temporary = `${this.fileOf(hash)}.${randomUUID()}`
    await synced(temporary, 'wx', (file) => file.writeFile(note))
    await rename(temporary, this.fileOf(hash))
    await synced(this.dir, 'r', async () => {})
  }
}

type File = Awaited<ReturnType<typeof open>>

const synced = async (path: string, flags: string, act: (file: File) => Promise<void>): Promise<void> => {
  const file = await open(path, flags, 0o600)
  try {
    await act(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
