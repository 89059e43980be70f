import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { onTestFinished } from 'vitest'
import { allViews } from '../../projections/index.ts'
import type { View } from '../../projections/projection.ts'
import { ViewRunner } from '../../projections/runner.ts'
import { ViewReader } from '../../projections/views.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'

/** A path in a new directory, which is removed with the test. */
export const temporaryFile = (name = 'views.db'): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerline-views-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, name)
}

/** Everything that a database holds: each table's definition and rows. */
export const dump = (path: string): Record<string, unknown> => {
  const db = new Database(path)
  const tables = db
    .prepare(`select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`)
    .all() as { name: string; sql: string }[]
  const found = tables.map(({ name, sql }) => [name, { sql, rows: db.prepare(`select * from "${name}"`).all() }])
  db.close()
  return Object.fromEntries(found)
}

export const openViews = (views: readonly View[] = allViews, path = temporaryFile()) => {
  const runner = new ViewRunner(path, views)
  const reader = new ViewReader(path)
  onTestFinished(async () => {
    reader.close()
    await runner.close()
  })
  /** Applies events in one batch. */
  const apply = (...events: LedgerEvent[]) => runner.apply(events, events.at(-1)?.position ?? -1n)
  return { path, runner, reader, apply }
}
