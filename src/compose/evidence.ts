import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import { LogBuilder } from '../evidence/log/builder.ts'
import { LogReader } from '../evidence/log/reader.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { serveEvidenceJobs } from './evidence-jobs.ts'
import { composeSealing } from './evidence-sealing.ts'
import { serveEvidence } from './evidence-service.ts'
import type { EvidenceThreadData, EvidenceThreadWord } from './evidence-words.ts'
import type { Stop } from './stop.ts'

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
  const { url, log } = parts
  const path = join(config.dataDir, 'evidence.db')
  await prepare(path, log)
  const worker = new Worker(new URL('./evidence-thread.js', import.meta.url), {
    workerData: { path, url, auditEveryMs: config.auditEveryMs } satisfies EvidenceThreadData,
  })
  worker.on('message', (word: EvidenceThreadWord) => {
    if ('error' in word) log.warn('the trees of evidence fell behind; trying again', word)
  })
  worker.on('error', (error) => log.error('the thread of evidence has ended', { error: String(error) }))
  stops.push(async () => void (await worker.terminate()))
  const reader = new LogReader(path)
  stops.push(() => reader.close())
  const { sealer, signerOf, vkeysOf } = await composeSealing(config, { ...parts, reader, worker }, stops)
  const isBroken = sealer.isBroken.bind(sealer)
  const served = { reader, path, url, isBroken, signerOf, vkeysOf }
  const evidence = serveEvidence(served, log, stops)
  const evidenceJobs = await serveEvidenceJobs(config, served, log, stops)
  return { reader, sealer, signerOf, evidence, evidenceJobs }
}

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
