import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allViews } from '../projections/index.ts'
import { ViewRunner } from '../projections/runner.ts'
import { ThreadedViewWriter } from '../projections/threaded.ts'
import { ViewFollower } from '../projections/views.ts'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import { Follower } from '../src/ledger/follower.ts'
import { runStream } from './events.ts'
import { start } from './processes.ts'

const silent = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error }
const runCount = Number(process.env.BENCH_RUNS ?? 6_000)
const writers = 16

/** How fast the views are built from the ledger, beside the bare reading of the same events. */
export const run = async (): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const node = await start('src/cli.js', ['node', '--port', '0', '--dir', join(dir, 'ledger')], /ready (\S+)$/m, {})
  const ledger = new EventStoreLedger(node.url)
  try {
    await fill(ledger)
    await bareCatchUp(ledger)
    const bare = await bareCatchUp(ledger)
    const builtInMs = await timed(() => build(ledger, join(dir, 'views.db')))
    const perSecond = bare.count / (builtInMs / 1000)
    console.log(`bare catch-up      ${bare.perSecond.toFixed(0)} events/s over ${bare.count} events`)
    console.log(`views rebuilt      ${perSecond.toFixed(0)} events/s, ${(perSecond / bare.perSecond).toFixed(2)} of it`)
  } finally {
    await ledger.close()
    await node.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

const fill = async (ledger: EventStoreLedger): Promise<void> => {
  let next = 0
  const write = async () => {
    while (next < runCount) {
      const { stream, events } = runStream(next++)
      await ledger.append(stream, -1n, events)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
}

const bareCatchUp = async (ledger: EventStoreLedger): Promise<{ count: number; perSecond: number }> => {
  let count = 0
  const ms = await timed(async () => {
    for await (const _ of ledger.past(-1n, await ledger.head())) count += 1
  })
  return { count, perSecond: count / (ms / 1000) }
}

const build = async (ledger: EventStoreLedger, path: string): Promise<void> => {
  await new ViewRunner(path, allViews).close()
  const writer = new ThreadedViewWriter(path)
  const views = new ViewFollower(writer)
  const follower = new Follower(ledger, silent)
  follower.add(views)
  await follower.start()
  if (!(await views.reach(await ledger.head(), 600_000))) throw new Error('the views did not get to the head')
  await follower.stop()
  await writer.close()
}

const timed = async (work: () => Promise<void>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
