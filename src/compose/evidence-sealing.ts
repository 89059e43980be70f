import type { Worker } from 'node:worker_threads'
import type { CommandHandler } from '../app/handle.ts'
import type { LogTrees } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import { must, parseTenantId, streamName } from '../domain/ids.ts'
import type { LogReader } from '../evidence/log/reader.ts'
import { consistencyProof } from '../evidence/merkle.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { LogSealer, type LogSealerDeps } from '../processes/log-sealer.ts'
import { LogWitnessing } from '../processes/log-sealer-witnessing.ts'
import { WitnessClient } from '../witness/client.ts'
import type { EvidenceThreadWord } from './evidence-words.ts'
import { announceLedger } from './ledger-access.ts'
import { LogKeys } from './log-keys.ts'
import { briefly, type Stop } from './stop.ts'

interface Parts {
  commands: CommandHandler
  /** Of the ledger. */
  url: string
  ledgerName: string
  lease: RoleLease
  log: Log
  reader: LogReader
  /** The thread that grows the trees and audits them. */
  worker: Worker
}

/** Who seals the logs, has them witnessed, and is told when they differ from the ledger. */
export const composeSealing = async (config: Config, parts: Parts, stops: Stop[]) => {
  const { commands, url, ledgerName, lease, log, reader, worker } = parts
  // What the thread says while the sealer is being made: a finding must not be lost.
  const early: EvidenceThreadWord[] = []
  const keepEarly = (word: EvidenceThreadWord) => void early.push(word)
  worker.on('message', keepEarly)
  if (config.eventstoreUrl === null) stops.push(await announceLedger(config.dataDir, url))
  const keys = await LogKeys.open(config.keysDir, commands, ledgerName, log)
  const ledger = new EventStoreLedger(url)
  stops.push(() => ledger.close())
  const proofOf = (logId: number, from: number, to: number) => consistencyProof(from, to, reader.subtrees(logId, to))
  const witnessing = new LogWitnessing({
    witnesses: config.witnesses.map((address) => new WitnessClient(address, proofOf)),
    quorum: config.witnessQuorum,
    commands,
    log,
    nowMs: Date.now,
  })
  stops.push(briefly(() => witnessing.stop()))
  const chain: LogSealerDeps['chain'] = async (tenant, name) => {
    const events = await ledger.read(streamName('checkpoint', tenant, name), 0n)
    return events.flatMap(({ event }) => (event?.type === 'CheckpointSigned' ? [event.data] : []))
  }
  const sealer = new LogSealer({
    ...{ trees: treesOf(reader), signer: keys, commands, lease, log, chain },
    nowMs: Date.now,
    signed: (tree) => witnessing.ask(tree),
  })
  for (const word of early.splice(0)) hear(word, sealer, log)
  worker.off('message', keepEarly)
  worker.on('message', (word: EvidenceThreadWord) => hear(word, sealer, log))
  sealer.start()
  stops.push(briefly(() => sealer.stop()))
  return { sealer, signerOf: keys.signerOf.bind(keys), vkeysOf: keys.vkeysOf.bind(keys) }
}

const treesOf = (reader: LogReader): LogTrees => ({
  heads: () => reader.heads().map((head) => ({ ...head, tenant: must(parseTenantId(head.tenant), 'tenant') })),
  reached: () => reader.position(),
  rootAt: (logId, size) => Buffer.from(reader.rootAt(logId, size)).toString('hex'),
})

const hear = (word: EvidenceThreadWord, sealer: LogSealer, log: Log): void => {
  if ('difference' in word) {
    const { index, tenant, ...difference } = word.difference
    sealer.found({ ...difference, tenant: must(parseTenantId(tenant), 'tenant'), from: index, to: index })
  } else if ('audited' in word) {
    sealer.audited()
    log.info('the ledger was compared with the trees of evidence', { leaves: word.audited, tookMs: word.tookMs })
  } else if ('auditFailed' in word) {
    log.warn('the ledger could not be compared with the trees of evidence', { error: word.auditFailed })
  }
}
