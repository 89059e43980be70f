import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/engines/local/database.ts'
import { acme, manifestOf, never, openBench, runId, temporaryFolder } from './support/bench.ts'

/** Would take hours. */
const heavySql = 'select count(*) n from range(10000000) a(x), range(10000000) b(y) where x + y = 7'

describe('a cancel', () => {
  test.each([
    ['a heavy query', { name: 'heavy', type: 'sql', sql: heavySql }],
    ['a pause', { name: 'heavy', type: 'sleep', seconds: 3600 }],
    ['a step of ours', { name: 'heavy', type: 'scoring', step: 'train' }],
  ])('ends %s within half a second', async (_, transformation) => {
    const bench = await openBench({ steps: { train: () => new Promise(() => {}) } })
    const session = await bench.open(manifestOf({ transformations: [transformation] }), { partition: 'b1' })
    const controller = new AbortController()
    const running = session.runStage('heavy', controller.signal)
    const outcome = expect(running).rejects.toMatchObject({ code: 'CANCELED', retryable: false })
    await pause(300)
    const canceledAt = performance.now()
    controller.abort()
    await outcome
    expect(performance.now() - canceledAt).toBeLessThan(500)
    await session.close()
  })

  test('ends a heavy check, and the checks after it do not run', async () => {
    const bench = await openBench()
    const manifest = manifestOf({
      transformations: [{ name: 'one', type: 'sql', sql: 'select 1 a' }],
      quality_checks: [{ name: 'heavy', type: 'expression', on: 'one', sql: `(${heavySql}) = a` }],
    })
    await bench.run(manifest, { stages: ['one'] })
    const session = await bench.open(manifest, { completedStages: ['one'] })
    const controller = new AbortController()
    const outcome = expect(session.runStage('quality_checks', controller.signal)).rejects.toMatchObject({
      code: 'CANCELED',
    })
    setTimeout(() => controller.abort(), 200)
    await outcome
    await session.close()
  })

  test('before a stage begins keeps it from beginning', async () => {
    const bench = await openBench()
    const session = await bench.open(manifestOf({ transformations: [{ name: 'x', type: 'sql', sql: 'select 1' }] }))
    await expect(session.runStage('x', AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELED' })
    await session.close()
    expect(await readdir(bench.root)).toEqual([])
  })

  test('at any moment of a stage ends it, also where DuckDB has not yet begun', async () => {
    const bench = await openBench()
    const manifest = manifestOf({ transformations: [{ name: 'heavy', type: 'sql', sql: heavySql }] })
    for (let afterMs = 0; afterMs < 60; afterMs += 3) {
      const session = await bench.open(manifest)
      const controller = new AbortController()
      const outcome = expect(session.runStage('heavy', controller.signal)).rejects.toMatchObject({ code: 'CANCELED' })
      setTimeout(() => controller.abort(), afterMs)
      await outcome
      await session.close()
    }
  })

  test('leaves no half-written file, and the session can be closed and the run discarded', async () => {
    const bench = await openBench()
    const sql = 'select x, random() r from range(1000000000) t(x)'
    const session = await bench.open(manifestOf({ transformations: [{ name: 'heavy', type: 'sql', sql }] }))
    const controller = new AbortController()
    const outcome = expect(session.runStage('heavy', controller.signal)).rejects.toMatchObject({ code: 'CANCELED' })
    await pause(400)
    controller.abort()
    await outcome
    await session.close()
    expect(await readdir(join(bench.root, '.staging/run-1/work'))).toEqual([])
    expect(await bench.engine.discard(acme, runId('run-1'))).toEqual([])
  })
})

test('an interrupted database answers the next query', async () => {
  const root = await temporaryFolder()
  const database = await openDatabase({ files: [], folder: root, spill: join(root, 'spill'), root })
  await expect(database.run(heavySql, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'CANCELED' })
  expect((await database.run('select 7', never)).rowCount).toBe(1)
  await database.close()
})

test('a cancel that comes just before DuckDB begins a query still ends it', async () => {
  const root = await temporaryFolder()
  const database = await openDatabase({ files: [], folder: root, spill: join(root, 'spill'), root })
  const controller = new AbortController()
  const query = database.use(controller.signal, (connection) => {
    controller.abort()
    return connection.run(heavySql)
  })
  await expect(query).rejects.toMatchObject({ code: 'CANCELED' })
  await database.close()
})

test('a database that is closed in mid-query waits for the query', async () => {
  const root = await temporaryFolder()
  const database = await openDatabase({ files: [], folder: root, spill: join(root, 'spill'), root })
  const query = database.run('select count(*) from range(300000000)', never)
  await database.close()
  await expect(query).resolves.toBeDefined()
})
