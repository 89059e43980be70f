import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { allViews } from '../../projections/index.ts'
import { ViewRunner } from '../../projections/runner.ts'

const holder = `
const { createRequire } = require('node:module')
const { parentPort, workerData } = require('node:worker_threads')
const Database = createRequire(workerData.from)('libsql')
const db = new Database(workerData.path)
db.exec('begin exclusive')
parentPort.postMessage('held')
setTimeout(() => { db.exec('commit'); db.close() }, 300)
`

test('views that another holds for a moment are opened when it lets go', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'ledgerline-open-')), 'views.db')
  const other = new Worker(holder, { eval: true, workerData: { path, from: import.meta.url } })
  await once(other, 'message')
  const runner = new ViewRunner(path, allViews)
  expect(await runner.position()).toBe(-1n)
  await runner.close()
})
