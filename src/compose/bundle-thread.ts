import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { BundleFile, LogName, PeriodAsked, SubjectAsked } from '../app/ports/evidence.ts'
import { LedgerUnavailable } from '../app/ports/ledger.ts'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { LogReader } from '../evidence/log/reader.ts'
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
  what: { subject: SubjectAsked } | { period: PeriodAsked }
}

/** A text to be signed; or the end of it. */
export type BundleAnswer = { id: number } & (
  | { text: string }
  | { file: BundleFile | null }
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

const make = ({ id, tenant, log, signer, isUnsealed, what }: BundleQuestion): Promise<BundleFile | null> => {
  const signerOf = () => ({ ...signer, sign: (text: string) => lineFor(id, text) })
  const evidence = evidenceOf({ reader, events, isBroken: () => isUnsealed, signerOf })
  return 'subject' in what ? evidence.subject(tenant, what.subject) : evidence.period(tenant, log, what.period)
}

const answer = async (question: BundleQuestion): Promise<void> => {
  const { id } = question
  try {
    const file = await make(question)
    if (!file) return say({ id, file })
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

parentPort?.on('message', (question: BundleQuestion) => void answer(question))
