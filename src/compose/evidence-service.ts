import { MessageChannel, Worker } from 'node:worker_threads'
import type { BundleFile, Evidence, LogName } from '../app/ports/evidence.ts'
import type { ChainFileMade, ChainProgress } from '../app/ports/evidence-jobs.ts'
import type { Log } from '../app/ports/follower.ts'
import { type Code, type Details, Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { doubtOf } from '../evidence/doubt.ts'
import type { LogHead, LogReader } from '../evidence/log/reader.ts'
import { evidenceOf } from '../evidence/log/service.ts'
import type { NoteSigner } from '../evidence/note.ts'
import { StoredReader } from '../ledger/stored-reader.ts'
import type {
  BundleAnswer,
  BundleMade,
  BundleQuestion,
  BundleThreadData,
  ChainQuestion,
  Rehearsal,
} from './bundle-thread.ts'
import { rehearseWhenLarge } from './rehearsal.ts'
import type { Stop } from './stop.ts'

export interface EvidenceParts {
  /** Of the trees' file, and where that is. */
  reader: LogReader
  path: string
  /** Of the ledger. */
  url: string
  isBroken(logId: number): boolean
  signerOf(tenant: TenantId, log: LogName): NoteSigner
  /** Newest first. */
  vkeysOf(tenant: TenantId, log: LogName): string[]
}

/** Evidence for who asks over HTTP. Bundles are put together in a thread, since that takes the processor for seconds. */
export const serveEvidence = (parts: EvidenceParts, log: Log, stops: Stop[]): Evidence => {
  const { reader, url, isBroken, signerOf, vkeysOf } = parts
  const events = new StoredReader(url)
  stops.push(() => events.close())
  const bundles = new BundleThread(parts)
  stops.push(() => bundles.stop())
  stops.push(rehearseWhenLarge({ trees: reader, rehearse: (head) => bundles.rehearse(head), log }))
  const signer = (tenant: string, name: LogName) => signerOf(tenant as TenantId, name)
  const direct = evidenceOf({ reader, events, isBroken, signerOf: signer })
  const subject: Evidence['subject'] = (tenant, asked) => bundles.make(tenant, 'commands', { subject: asked })
  return {
    ...direct,
    keys: vkeysOf,
    subject,
    doubt: doubtOf({ subject, keys: vkeysOf }),
    period: (tenant, name, asked) => bundles.make(tenant, name, { period: asked }),
  }
}

interface Waiting {
  sign(text: string): string
  progress(progress: ChainProgress): void
  resolve(made: BundleMade): void
  reject(error: unknown): void
}

/** One thread, from the rehearsal or the first bundle on; one that has died is followed by another. */
export class BundleThread {
  private readonly parts: EvidenceParts
  private readonly waiting = new Map<number, Waiting>()
  private worker: Worker | undefined
  private asked = 0

  constructor(parts: EvidenceParts) {
    this.parts = parts
  }

  /** The first bundle would take twice as long: the thread starts, and its code is compiled as it runs. */
  rehearse({ id, size }: LogHead): void {
    this.thread().postMessage({ rehearsal: { logId: id, size } } satisfies Rehearsal)
  }

  async make(tenant: TenantId, log: LogName, what: BundleQuestion['what']): Promise<BundleFile | null> {
    const made = await this.ask(tenant, log, what, () => undefined)
    return 'file' in made ? made.file : null
  }

  async chain(
    tenant: TenantId,
    log: LogName,
    chain: ChainQuestion,
    progress: (progress: ChainProgress) => void,
  ): Promise<ChainFileMade | null> {
    const made = await this.ask(tenant, log, { chain }, progress)
    return 'chain' in made ? made.chain : null
  }

  async stop(): Promise<void> {
    await this.worker?.terminate()
  }

  private ask(
    tenant: TenantId,
    log: LogName,
    what: BundleQuestion['what'],
    progress: Waiting['progress'],
  ): Promise<BundleMade> {
    const { reader, isBroken, signerOf } = this.parts
    const { name, vkey } = signerOf(tenant, log)
    const head = reader.head(tenant, log)
    this.asked += 1
    const id = this.asked
    const isUnsealed = head !== undefined && isBroken(head.id)
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, progress, sign: (text) => signerOf(tenant, log).sign(text) })
      this.thread().postMessage({ id, tenant, log, signer: { name, vkey }, isUnsealed, what } satisfies BundleQuestion)
    })
  }

  private thread(): Worker {
    if (this.worker) return this.worker
    const { path, url } = this.parts
    const signed = new SharedArrayBuffer(4)
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(new URL('./bundle-thread.js', import.meta.url), {
      workerData: { path, url, signed, lines: port2 } satisfies BundleThreadData,
      transferList: [port2],
    })
    // The thread stands still until it has the line: the private key stays here.
    const answerWith = (line: string) => {
      port1.postMessage(line)
      Atomics.store(new Int32Array(signed), 0, 1)
      Atomics.notify(new Int32Array(signed), 0)
    }
    worker.on('message', (answer: BundleAnswer) => this.heard(answer, answerWith))
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      this.worker = undefined
      for (const { reject } of this.waiting.values()) reject(new Error('the thread of bundles has ended'))
      this.waiting.clear()
    })
    this.worker = worker
    return worker
  }

  private heard(answer: BundleAnswer, answerWith: (line: string) => void): void {
    const waiting = this.waiting.get(answer.id)
    if ('text' in answer) {
      answerWith(lineOf(waiting, answer.text))
      return
    }
    if ('progress' in answer) {
      waiting?.progress(answer.progress)
      return
    }
    this.waiting.delete(answer.id)
    if ('file' in answer || 'chain' in answer) waiting?.resolve(answer)
    else if (answer.code === undefined) waiting?.reject(new Error(answer.error))
    else waiting?.reject(new Rejection(answer.code as Code, answer.error, answer.details as Details))
  }
}

/** Empty when it cannot be signed: then there is no bundle. */
const lineOf = (waiting: Waiting | undefined, text: string): string => {
  try {
    return waiting?.sign(text) ?? ''
  } catch {
    return ''
  }
}
