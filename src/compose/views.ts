import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { allViews } from '../../projections/index.ts'
import { ViewRunner } from '../../projections/runner.ts'
import { ThreadedViewWriter } from '../../projections/threaded.ts'
import { ViewFollower, ViewReader } from '../../projections/views.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import type { Stop } from './stop.ts'

/** The views' file, its writer in a thread and its reader here. */
export const openViews = async ({ dataDir }: Config, log: Log, stops: Stop[]) => {
  const path = join(dataDir, 'views.db')
  await prepareViews(path, log)
  const writer = new ThreadedViewWriter(path)
  stops.push(() => writer.close())
  const views = new ViewReader(path)
  stops.push(() => views.close())
  log.debug('views opened', { path })
  return { views, follower: new ViewFollower(writer) }
}

/** Opened and closed once, so that the reader finds tables. A damaged file is no loss: the ledger has everything. */
const prepareViews = async (path: string, log: Log): Promise<void> => {
  try {
    await new ViewRunner(path, allViews).close()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/NOTADB|CORRUPT/.test(code)) throw error
    log.warn('the views are damaged and are built again', { path, code })
    for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
    await new ViewRunner(path, allViews).close()
  }
}

/** Resolves when the views have reached the head. */
export const viewsCurrent = async (views: ViewFollower, head: bigint, log: Log): Promise<void> => {
  const sayEveryMs = 2_000
  while (!(await views.reach(head, sayEveryMs))) {
    log.info('the views are being built', { reached: String(views.current()), of: String(head) })
  }
}
