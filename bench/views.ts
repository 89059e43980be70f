import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allViews } from '../projections/index.ts'
import { ViewRunner } from '../projections/runner.ts'
import { ThreadedViewWriter } from '../projections/threaded.ts'
import { ViewFollower } from '../projections/views.ts'
import { EventStoreLedger } from '../src/ledger/eventstore.ts'
import { Follower } from '../src/ledger/follower.ts'
import { load, root, start } from './processes.ts'

const silent = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error }
const fillSeconds = 10

/** How fast the views are built from the ledger, beside the bare reading of the same events. */
export const run = async (): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ledgerline-bench-'))
  const env = {
    DATA_DIR: dataDir,
    PORT: '0',
    WORKER: 'none',
    LOG_LEVEL: 'warn',
    PIPELINES_DIR: join(root, 'bench/pipelines'),
  }
  const service = await start('src/cli.js', ['serve'], /^ledgerline ready (\S+)$/m, env)
  const url = `${service.url}/api/pipeline/trigger/bench-claimed`
  await load({ url, connections: 64, seconds: fillSeconds, body: { batch_id: 'p[<id>]' } })
  await service.stop()

  const node = await start('src/cli.js', ['node', '--port', '0', '--dir', join(dataDir, 'ledger')], /ready (\S+)$/m, {})
  const ledger = new EventStoreLedger(node.url)
  try {
    const bare = await timed(async () => {
      let count = 0
      for await (const _ of ledger.past(-1n)) count += 1
      return count
    })
    const built = await timed(async () => {
      await build(ledger, join(dataDir, 'rebuilt.db'))
      return bare.count
    })
    console.log(`bare catch-up      ${bare.perSecond.toFixed(0)} events/s over ${bare.count} events`)
    console.log(
      `views rebuilt      ${built.perSecond.toFixed(0)} events/s, ${(built.perSecond / bare.perSecond).toFixed(2)} of the bare catch-up`,
    )
  } finally {
    await ledger.close()
    await node.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
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

const timed = async (work: () => Promise<number>): Promise<{ count: number; perSecond: number }> => {
  const startedAt = performance.now()
  const count = await work()
  return { count, perSecond: count / ((performance.now() - startedAt) / 1000) }
}
