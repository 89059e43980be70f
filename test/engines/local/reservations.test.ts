import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StepContext } from '../../../src/engines/local/step.ts'
import { acme, type Bench, filesOf, type JobFields, manifestOf, openBench, runId } from './support/bench.ts'

const manifest = manifestOf({ transformations: [{ name: 'make', type: 'scoring', step: 'ingest' }] })
const partition = 'b1'
const path = 'out/d.json'
const name = createHash('sha256').update(path).digest('hex')

/** A bench whose step does what a test asks. */
const stepBench = async (use: (context: StepContext) => Promise<unknown>, write: readonly string[] = []) => {
  const documents = write.map((target) => ({ path: target, json: 1 }))
  const ingest = async (context: StepContext) => ({
    output: { answer: (await use(context)) as boolean },
    tables: [],
    documents,
    reads: [],
  })
  const bench = await openBench({ steps: { ingest } })
  const run = async (name: string, fields: JobFields = {}) =>
    (await bench.run(manifest, { partition, run: name, ...fields })).make?.output.answer
  return { bench, run, discard: (name: string) => bench.engine.discard(acme, runId(name)) }
}

/** Takes the first of many paths that it can have. */
const firstFree = async ({ reserve }: StepContext): Promise<string> => {
  for (let number = 1; ; number += 1) if (await reserve(`out/${number}.json`)) return `${number}`
}

const reservations = (bench: Bench) => readdir(join(bench.root, '.reserved'))

describe('a reservation', () => {
  test('is held by one run and refused to all others', async () => {
    const { bench, run } = await stepBench(({ reserve }) => reserve(path))
    expect(await run('run-1')).toBe(true)
    expect(await run('run-2')).toBe(false)
    expect(await reservations(bench)).toEqual([name])
    expect(await readFile(join(bench.root, '.reserved', name), 'utf8')).toBe('run-1')
  })

  test('is of one path', async () => {
    const { run } = await stepBench(async ({ reserve, batch }) => reserve(`out/${batch}.json`))
    expect(await run('run-1', { partition: 'a' })).toBe(true)
    expect(await run('run-2', { partition: 'b' })).toBe(true)
  })

  test('is given to one of many runs that ask at the same time', async () => {
    const { run } = await stepBench(firstFree)
    const names = Array.from({ length: 8 }, (_, index) => `run-${index}`)
    const taken = await Promise.all(names.map((name) => run(name)))
    expect(taken.map(Number).sort((a, b) => a - b)).toEqual(names.map((_, index) => index + 1))
  })

  test('is still there for a later attempt, also when it has lost its staging', async () => {
    const { bench, run } = await stepBench(({ reserve }) => reserve(path))
    await run('run-1')
    expect(await run('run-1', { attempt: 2 })).toBe(true)
    await rm(join(bench.root, '.staging'), { recursive: true })
    expect(await run('run-1', { attempt: 3 })).toBe(true)
  })

  test('stays when its file was published, and when that was removed', async () => {
    const { bench, run } = await stepBench(({ reserve }) => reserve(path), [path])
    await bench.publish(manifest, { partition })
    expect(await run('run-2')).toBe(false)
    await rm(join(bench.root, path))
    expect(await run('run-3')).toBe(false)
  })

  test('is refused where a file was published without one', async () => {
    const { bench, run } = await stepBench(({ reserve }) => reserve(path))
    await bench.write(path, '')
    expect(await run('run-1')).toBe(false)
    expect(await readdir(bench.root)).not.toContain('.reserved')
  })

  test.each([
    ['../d.json', /holds '\.\.'/],
    ['.staging/d.json', /lies in \.staging, which is the engine's own/],
    ['.RESERVED/d.json', /lies in \.reserved, which is the engine's own/],
  ])('of %s is refused', async (outside, message) => {
    const { run } = await stepBench(({ reserve }) => reserve(outside))
    await expect(run('run-1')).rejects.toThrow(message)
  })

  test('is not written where a link leads out', async () => {
    const { bench, run } = await stepBench(({ reserve }) => reserve(path))
    await mkdir(join(bench.tenantsDir, 'other'))
    await mkdir(bench.root)
    await symlink(join(bench.tenantsDir, 'other'), join(bench.root, '.reserved'))
    await expect(run('run-1')).rejects.toThrow("leads out of the tenant's directory")
    expect(await readdir(join(bench.tenantsDir, 'other'))).toEqual([])
  })
})

describe('discarding a run', () => {
  test('gives its reservations back, and names none of its notes', async () => {
    const { bench, run, discard } = await stepBench(({ reserve }) => reserve(path))
    await run('run-1')
    expect(await discard('run-1')).toEqual([])
    expect(await reservations(bench)).toEqual([])
    expect(await run('run-2')).toBe(true)
  })

  test("leaves other runs' reservations alone", async () => {
    const { run, discard } = await stepBench(({ reserve }) => reserve(path))
    await run('run-1')
    await run('run-2')
    await discard('run-2')
    expect(await run('run-3')).toBe(false)
  })

  test('leaves alone what it was about to claim when another run did', async () => {
    const { bench, run, discard } = await stepBench(({ reserve }) => reserve(path))
    await run('run-1')
    await bench.write(`.staging/run-2/notes/held/${name}`, '')
    await discard('run-2')
    expect(await run('run-3')).toBe(false)
  })

  test('again gives nothing back that another run has taken since', async () => {
    const { run, discard } = await stepBench(({ reserve }) => reserve(path))
    await run('run-1')
    await Promise.all([discard('run-1'), discard('run-1')])
    await run('run-2')
    await discard('run-1')
    expect(await run('run-2', { attempt: 2 })).toBe(true)
  })

  test('does not lead a later attempt of another run to another path', async () => {
    const { run, discard } = await stepBench(firstFree)
    await run('run-1')
    expect(await run('run-2')).toBe('2')
    await discard('run-1')
    expect(await run('run-2', { attempt: 2 })).toBe('2')
    expect(await run('run-3')).toBe('1')
  })

  test('gives nothing back when the run has begun to publish', async () => {
    const both = [path, 'out/e.json']
    const { bench, run, discard } = await stepBench(({ reserve }) => reserve('out/e.json'), both)
    const files = filesOf(await bench.run(manifest, { partition }))
    await rm(join(bench.root, files[1]?.staged ?? ''))
    await expect(bench.engine.publish(acme, runId('run-1'), files)).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
    await discard('run-1')
    expect(await run('run-2')).toBe(false)
  })

  test('after a cancel finds every reservation of the step that was left running', async () => {
    const controller = new AbortController()
    let late: unknown
    const { bench, discard } = await stepBench(async ({ reserve }) => {
      const answer = reserve(path)
      controller.abort()
      await answer
      late = await reserve('out/late.json').catch((error: unknown) => error)
      return null
    })
    const session = await bench.open(manifest, { partition })
    await expect(session.runStage('make', controller.signal)).rejects.toMatchObject({ code: 'CANCELED' })
    await session.close()
    await discard('run-1')
    expect(late).toMatchObject({ code: 'CANCELED' })
    expect(await readdir(bench.root, { recursive: true })).toEqual(['.reserved', '.staging'])
  })
})
