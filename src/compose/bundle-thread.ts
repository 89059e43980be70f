import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { BundleFile, LogName, PeriodAsked, SubjectAsked } from '../app/ports/evidence.ts'
import type { ChainFileMade, ChainProgress } from '../app/ports/evidence-jobs.ts'
import { LedgerUnavailable } from '../app/ports/ledger.ts'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { chainFileOf } from '../evidence/jobs/chain-file.ts'
import { LogReader } from '../evidence/log/reader.ts'
import { rehearse } from '../evidence/log/rehearse.ts'
import { evidenceOf } from '../evidence/log/service.ts'
import { StoredReader } from '../ledger/stored-reader.ts'

export interface BundleThreadData {
  path: string
  /** Of the ledger. */
  url: string
  /** One word of 32 bits: 1 when a line has come. */
  signed: SharedArrayBuffer
  lines: MessagePort
}

export interface BundleQuestion {
  id: number
  tenant: TenantId
  log: LogName
  signer: { name: string; vkey: string }
  isUnsealed: boolean
  what: { subject: SubjectAsked } | { period: PeriodAsked } | { chain: ChainQuestion }
}

/** A chain that is written to a file of its own. */
export interface ChainQuestion {
  asked: PeriodAsked
  path: string
  bytesMax: number
  partLeavesMax: number
}

export type BundleMade = { file: BundleFile | null } | { chain: ChainFileMade | null }

export interface Rehearsal {
  rehearsal: { logId: number; size: number }
}

/** A text to be signed, or how far it is; or the end of it. */
export type BundleAnswer = { id: number } & (
  | { text: string }
  | { progress: ChainProgress }
  | BundleMade
  | { error: string; code?: string; details?: object }
)

/** The thread that puts bundles together. */
const { path, url, signed, lines } = workerData as BundleThreadData
const signTimeoutMs = 10_000

const reader = new LogReader(path)
const events = new StoredReader(url)
const word = new Int32Array(signed)

const say = (answer: BundleAnswer, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(answer, transfer)

/** A bundle is signed in one go with its making, so this waits without letting go. */
const lineFor = (id: number, text: string): string => {
  Atomics.store(word, 0, 0)
  say({ id, text })
  Atomics.wait(word, 0, 0, signTimeoutMs)
  const line: unknown = receiveMessageOnPort(lines)?.message
  if (typeof line !== 'string' || line === '') throw new Error('the bundle could not be signed')
  return line
}

const make = async ({ id, tenant, log, signer, isUnsealed, what }: BundleQuestion): Promise<BundleMade> => {
  const signerOf = () => ({ ...signer, sign: (text: string) => lineFor(id, text) })
  const deps = { reader, events, isBroken: () => isUnsealed, signerOf }
  if ('chain' in what) {
    const { asked, ...file } = what.chain
    return { chain: await chainFileOf(deps, tenant, log, asked, file, (progress) => say({ id, progress })) }
  }
  const evidence = evidenceOf(deps)
  if ('subject' in what) return { file: await evidence.subject(tenant, what.subject) }
  return { file: await evidence.period(tenant, log, what.period) }
}

const answer = async (question: BundleQuestion): Promise<void> => {
  const { id } = question
  try {
    const made = await make(question)
    if (!('file' in made) || !made.file) return say({ id, ...made })
    const { file } = made
    // Small ones lie in memory that is shared with others.
    const bytes = new Uint8Array(file.bytes)
    say({ id, file: { ...file, bytes } }, [bytes.buffer])
  } catch (error) {
    if (error instanceof Rejection) say({ id, error: error.message, code: error.code, details: error.details })
    else if (error instanceof LedgerUnavailable)
      say({ id, error: 'the ledger does not answer; ask again', code: 'LEDGER_UNAVAILABLE' })
    else say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

parentPort?.on('message', (said: BundleQuestion | Rehearsal) => {
  if (!('rehearsal' in said)) return void answer(said)
  const { logId, size } = said.rehearsal
  // What fails here is told to whoever asks for a bundle.
  rehearse({ reader, events }, logId, size).catch(() => undefined)
})
