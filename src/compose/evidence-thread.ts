import { parentPort, workerData } from 'node:worker_threads'
import { LogBuilder } from '../evidence/log/builder.ts'
import { Grower } from '../evidence/log/grower.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import { storedOf } from '../ledger/stored.ts'
import type { EvidenceThreadData, EvidenceThreadWord } from './evidence.ts'

/** The thread that grows the logs' trees: it follows the ledger by itself, for it needs events as they are stored. */
const { path, url } = workerData as EvidenceThreadData

const say = (word: EvidenceThreadWord): void => parentPort?.postMessage(word)

const ledger = new EventStoreLedger(url)

const follow = async function* (after: bigint, signal: AbortSignal) {
  for await (const raw of ledger.follow(after, signal)) yield storedOf(raw)
}

const grower = new Grower({
  builder: new LogBuilder(path),
  follow,
  grown: (position) => say({ position }),
  failed: (error) => say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
})

await grower.run()
