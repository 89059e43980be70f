import { open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { EvidenceJob } from '../../app/ports/evidence-jobs.ts'
import type { Log } from '../../app/ports/follower.ts'
import { isUuid, parseTenantId } from '../../domain/ids.ts'
import { WholeFiles } from '../../keys/whole-files.ts'

const count = z.int().min(0)
const time = z.iso.datetime()

const stored = z.strictObject({
  version: z.literal(1),
  id: z.string().refine(isUuid),
  tenant: z.string().transform((text, context) => {
    const tenant = parseTenantId(text)
    if (tenant !== undefined) return tenant
    context.addIssue({ code: 'custom', message: 'must be a tenant' })
    return z.NEVER
  }),
  log: z.enum(['commands', 'access']),
  asked: z.strictObject({ from: time, to: time, types: z.array(z.string()).nullable() }),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  createdAt: time,
  finishedAt: time.nullable(),
  expiresAt: time.nullable(),
  progress: z.strictObject({ leavesDone: count, leavesTotal: count, parts: count }).nullable(),
  result: z
    .strictObject({ first: count, size: count, parts: count, begin: time.nullable(), end: time, bytes: count })
    .nullable(),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
})

/**
 * The jobs in a folder of one process: `<id>.json` is a job, `<id>.chain` its result, `<id>.part` what is being made.
 * A result has its name only when it is whole and durable.
 */
export class JobFiles {
  private readonly files: WholeFiles

  private constructor(files: WholeFiles) {
    this.files = files
  }

  static async open(dir: string): Promise<JobFiles> {
    return new JobFiles(await WholeFiles.open(dir))
  }

  /** The jobs that are there, the earliest first. What belongs to none of them, or is half made, is removed. */
  async all(log: Log): Promise<EvidenceJob[]> {
    const jobs: EvidenceJob[] = []
    const names = (await readdir(this.files.dir)).filter((name) => name !== 'tmp')
    for (const name of names.filter((name) => name.endsWith('.json'))) {
      const job = await this.read(name)
      if (job && (job.status !== 'done' || (await this.isWhole(job)))) jobs.push(job)
      else log.warn('a job of evidence is damaged and was removed', { file: name })
    }
    const kept = new Set(
      jobs.flatMap(({ id, status }) => [`${id}.json`, ...(status === 'done' ? [`${id}.chain`] : [])]),
    )
    for (const name of names) if (!kept.has(name)) await this.files.remove(name)
    return jobs.sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0))
  }

  async save(job: EvidenceJob): Promise<void> {
    await this.files.put(`${job.id}.json`, JSON.stringify({ version: 1, ...job }))
  }

  /** Where the result of a job is made. */
  making(id: string): string {
    return join(this.files.dir, `${id}.part`)
  }

  /** What was made becomes the result. */
  async finish(id: string): Promise<void> {
    await rename(this.making(id), this.result(id))
    await this.files.syncFolderOf('.')
  }

  /** Null when it is gone. */
  async open(id: string): Promise<ReadableStream<Uint8Array> | null> {
    const file = await open(this.result(id), 'r').catch(() => null)
    return file && streamOf(file)
  }

  /** First the job, so that no job is without its result. */
  async remove(id: string): Promise<void> {
    await this.files.remove(`${id}.json`)
    for (const path of [this.making(id), this.result(id)]) await unlink(path).catch(ignoreMissing)
  }

  async discard(id: string): Promise<void> {
    await unlink(this.making(id)).catch(ignoreMissing)
  }

  private result(id: string): string {
    return join(this.files.dir, `${id}.chain`)
  }

  private async read(name: string): Promise<EvidenceJob | null> {
    try {
      const { version: _, ...job } = stored.parse(JSON.parse((await this.files.read(name))?.text ?? ''))
      return name === `${job.id}.json` ? job : null
    } catch {
      return null
    }
  }

  private async isWhole({ id, result }: EvidenceJob): Promise<boolean> {
    const found = await stat(this.result(id)).catch(() => null)
    return found !== null && found.size === result?.bytes
  }
}

const chunkBytes = 262_144

/** Read as it is wanted; the file is closed at its end, and when nobody wants more. */
const streamOf = (file: Awaited<ReturnType<typeof open>>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      try {
        const { bytesRead, buffer } = await file.read(new Uint8Array(chunkBytes))
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
        await file.close()
        controller.close()
      } catch (error) {
        await file.close()
        throw error
      }
    },
    cancel: () => file.close(),
  })

const ignoreMissing = (error: unknown): void => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
