import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogReader } from '../src/evidence/log/reader.ts'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import { Appender } from './appending.ts'
import { runStream } from './events.ts'
import { proofs } from './evidence-proofs.ts'
import { root, type Started, start } from './processes.ts'
import { quantiles } from './quantiles.ts'

const bundleEvents = 10_000
const perSecond = 1_000
const seconds = Number(process.env.BENCH_SECONDS ?? 10)
const warmUpSeconds = 3
const quietMs = 3_000
/** Views, trees and what the service does by itself after so many events are done by then. */
const restMs = 10_000

/** Proofs in a large tree; then, over a whole service, the bundle of a period and how long events wait to be sealed. */
export const run = async (): Promise<void> => {
  await proofs()
  const dir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const node = await start('src/cli.js', ['node', '--port', '0', '--dir', join(dir, 'ledger')], /ready (\S+)$/m, {})
  const env = { EVENTSTORE_URL: node.url, DATA_DIR: join(dir, 'data'), PORT: '0', WORKER: 'none', LOG_LEVEL: 'warn' }
  const pipelines = { PIPELINES_DIR: join(root, 'bench/pipelines') }
  const ledger = new EventStoreLedger(node.url)
  const service = await start('src/cli.js', ['serve'], /^ledgerline ready (\S+)$/m, { ...env, ...pipelines })
  try {
    await bundle(dir, ledger, service)
    await sealing(join(dir, 'data'), node.url, ledger)
  } finally {
    await ledger.close()
    await service.stop()
    await node.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** Asked for over HTTP, and verified by the file that auditors get. */
const bundle = async (dir: string, ledger: EventStoreLedger, { url }: Started): Promise<void> => {
  for (let number = 0, appended = 0; appended < bundleEvents; number += 1) {
    const { stream, events } = runStream(5_000_000 + number)
    await ledger.append(stream, -1n, events)
    appended += events.length
  }
  await sleep(restMs)
  const key = (await (await fetch(`${url}/ledger/default/key`)).text()).trim()
  const file = join(dir, 'bundle.json')
  for (const encoding of ['identity', 'identity', 'identity', 'gzip']) {
    const startedAt = performance.now()
    const headers = { 'accept-encoding': encoding }
    const answer = await fetch(`${url}/evidence/period?from=2000-01-01&to=2100-01-01`, { headers })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const madeMs = performance.now() - startedAt
    await writeFile(file, bytes)
    const verifiedAt = performance.now()
    const { status } = spawnSync(process.execPath, [join(root, 'dist/verify.mjs'), file, '--key', key])
    const verifiedMs = performance.now() - verifiedAt
    const leaves = answer.headers.get('evidence-leaves')
    const size = `${(bytes.length / 2 ** 20).toFixed(1)} MiB`
    console.log(
      `period of ${leaves} events, ${size}, ${encoding}: made and sent ${madeMs.toFixed(0)} ms, verified ${verifiedMs.toFixed(0)} ms (exit ${status})`,
    )
  }
}

/** From an append to the checkpoint that covers it, as a subscriber to the ledger sees it. */
const sealing = async (dataDir: string, url: string, ledger: EventStoreLedger): Promise<void> => {
  const ending = new AbortController()
  const sealed = watch(ledger, ending.signal)
  const appender = new Appender(url)
  await appender.append({ firstRun: 6_000_000, count: warmUpSeconds * perSecond, perSecond })
  const appended = await appender.append({ firstRun: 7_000_000, count: seconds * perSecond, perSecond })
  await sleep(quietMs)
  ending.abort()
  await appender.close()
  const reader = new LogReader(join(dataDir, 'evidence.db'))
  const waits = appended.flatMap(({ id, called }) => {
    const index = reader.leafOf(id)?.index ?? Infinity
    const covering = sealed.find(({ size }) => size > index)
    return covering ? [Number(covering.at - called) / 1e6] : []
  })
  reader.close()
  const missing = appended.length - waits.length
  console.log(`append called to checkpoint, ${perSecond} events/s: ${quantiles(waits)}  missing ${missing}`)
}

/** The checkpoints of the log of commands as they come, filled from now on. */
const watch = (ledger: EventStoreLedger, signal: AbortSignal): { size: number; at: bigint }[] => {
  const sealed: { size: number; at: bigint }[] = []
  void (async () => {
    for await (const { streamId, data } of ledger.follow(-1n, signal)) {
      if (streamId !== 'checkpoint-default.commands') continue
      sealed.push({ size: (data as { size: number }).size, at: process.hrtime.bigint() })
    }
  })().catch(() => undefined)
  return sealed
}
