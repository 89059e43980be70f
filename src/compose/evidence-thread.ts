import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { audit } from '../evidence/log/auditor.ts'
import { LogBuilder } from '../evidence/log/builder.ts'
import { Grower } from '../evidence/log/grower.ts'
import { LogReader } from '../evidence/log/reader.ts'
import { EventStoreLedger } from '../ledger/eventstore.ts'
import { storedOf } from '../ledger/stored.ts'
import type { EvidenceThreadData, EvidenceThreadWord } from './evidence-words.ts'

/**
 * The thread that grows the logs' trees, and compares them with the ledger now and then. It follows the ledger by itself,
 * for it needs events as they are stored.
 */
const { path, url, auditEveryMs } = workerData as EvidenceThreadData
const auditRetryMs = 30_000

const say = (word: EvidenceThreadWord): void => parentPort?.postMessage(word)
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const ledger = new EventStoreLedger(url)

const follow = async function* (after: bigint, signal: AbortSignal) {
  for await (const raw of ledger.follow(after, signal)) yield storedOf(raw)
}

const past = async function* (until: bigint) {
  for await (const raw of ledger.past(-1n, until)) yield storedOf(raw)
}

const grower = new Grower({
  builder: new LogBuilder(path),
  follow,
  grown: (position) => say({ position }),
  failed: (error) => say({ error: textOf(error) }),
})

const auditAgainAndAgain = async (): Promise<never> => {
  const reader = new LogReader(path)
  for (;;) {
    const startedMs = performance.now()
    let pauseMs = auditEveryMs
    try {
      const compared = await audit({ reader, past, found: (difference) => say({ difference }), rest: sleep })
      say({ audited: compared, tookMs: Math.round(performance.now() - startedMs) })
    } catch (error) {
      say({ auditFailed: textOf(error) })
      pauseMs = Math.min(auditEveryMs, auditRetryMs)
    }
    await sleep(pauseMs)
  }
}

await Promise.all([grower.run(), auditAgainAndAgain()])
