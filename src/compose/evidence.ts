import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CommandHandler } from '../app/handle.ts'
import type { CheckpointSigner, LogName, LogTrees } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import { must, parseTenantId, type TenantId } from '../domain/ids.ts'
import { checkpointText } from '../evidence/checkpoint.ts'
import { originOf } from '../evidence/leaf.ts'
import { LogBuilder } from '../evidence/log/builder.ts'
import { LogReader } from '../evidence/log/reader.ts'
import { type NoteSigner, noteSigner, signNote } from '../evidence/note.ts'
import { createOnce } from '../host/secrets.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { LogSealer } from '../processes/log-sealer.ts'
import type { Stop } from './stop.ts'

export interface EvidenceThreadData {
  path: string
  url: string
}

/** The trees have reached a position, or something went wrong and is tried again. */
export type EvidenceThreadWord = { position: bigint } | { error: string }

interface Parts {
  commands: CommandHandler
  /** Of the ledger. */
  url: string
  ledgerName: string
  lease: RoleLease
  log: Log
}

/** The logs of evidence: their trees, grown in a thread, and who seals them. */
export const composeEvidence = async (config: Config, parts: Parts, stops: Stop[]) => {
  const { commands, url, ledgerName, lease, log } = parts
  const path = join(config.dataDir, 'evidence.db')
  await prepare(path, log)
  const worker = new Worker(new URL('./evidence-thread.js', import.meta.url), {
    workerData: { path, url } satisfies EvidenceThreadData,
  })
  worker.on('message', (word: EvidenceThreadWord) => {
    if ('error' in word) log.warn('the trees of evidence fell behind; trying again', word)
  })
  worker.on('error', (error) => log.error('the thread of evidence has ended', { error: String(error) }))
  stops.push(async () => void (await worker.terminate()))
  const reader = new LogReader(path)
  stops.push(() => reader.close())
  const seed = Buffer.from(await logSeed(config.keysDir), 'base64')
  const sealer = new LogSealer({
    trees: treesOf(reader),
    signer: signerOf(ledgerName, seed),
    commands,
    lease,
    log,
    nowMs: Date.now,
  })
  sealer.start()
  stops.push(() => sealer.stop())
  return { reader, sealer, signerOf: signersOf(ledgerName, seed) }
}

/** 32 bytes in base64: the private key that signs the logs of all that share the directory. */
const logSeed = (keysDir: string): Promise<string> =>
  createOnce(join(keysDir, 'log.key'), () => randomBytes(32).toString('base64'))

/** Opened once, so that the reader finds tables. A damaged file is no loss: the ledger has everything. */
const prepare = async (path: string, log: Log): Promise<void> => {
  try {
    new LogBuilder(path).close()
  } catch (error) {
    log.warn('the trees of evidence are damaged and are built again', { path, error: String(error) })
    for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
    new LogBuilder(path).close()
  }
}

const treesOf = (reader: LogReader): LogTrees => ({
  heads: () => reader.heads().map((head) => ({ ...head, tenant: must(parseTenantId(head.tenant), 'tenant') })),
  rootAt: (logId, size) => Buffer.from(reader.rootAt(logId, size)).toString('hex'),
})

/** One key signs all logs; its name is the log's, so each has a verifier key of its own. */
const signersOf = (ledgerName: string, seed: Buffer) => {
  const signers = new Map<string, NoteSigner>()
  return (tenant: TenantId, log: LogName): NoteSigner => {
    const origin = originOf(ledgerName, tenant, log)
    const signer = signers.get(origin) ?? noteSigner(origin, seed)
    signers.set(origin, signer)
    return signer
  }
}

const signerOf = (ledgerName: string, seed: Buffer): CheckpointSigner => {
  const signers = signersOf(ledgerName, seed)
  return {
    sign: (tenant, log, size, root) => {
      const signer = signers(tenant, log)
      return signNote(checkpointText({ origin: signer.name, size, root: Buffer.from(root, 'hex') }), signer)
    },
  }
}
