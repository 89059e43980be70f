import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { acme, type Bench, filesOf, manifestOf, openBench, runId } from './support/bench.ts'

const manifest = manifestOf({
  transformations: [{ name: 'rows', type: 'sql', sql: 'select $run_id as run' }],
  sinks: {
    a: { type: 'csv', from: 'rows', path: 'out/a.csv' },
    b: { type: 'csv', from: 'rows', path: 'out/deeper/b.csv' },
  },
})
const run = runId('run-1')

/** A run that is about to be published. */
const committed = async () => {
  const bench = await openBench()
  const files = filesOf(await bench.run(manifest))
  return { bench, files, publish: () => bench.engine.publish(acme, run, files) }
}

const published = (bench: Bench) => Promise.all(['out/a.csv', 'out/deeper/b.csv'].map(bench.read))
const both = ['run\nrun-1\n', 'run\nrun-1\n']

describe('publishing', () => {
  test('moves every file to its target, with the bytes that its hash names, and removes the staging', async () => {
    const { bench, files, publish } = await committed()
    expect(existsSync(join(bench.root, 'out'))).toBe(false)
    await publish()
    expect(await published(bench)).toEqual(both)
    for (const { target, sha256, bytes } of files) {
      const content = await readFile(join(bench.root, target))
      expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes])
    }
    expect(await readdir(join(bench.root, '.staging'))).toEqual([])
  })

  test('publishes two files of one name and one content in two folders', async () => {
    const bench = await openBench()
    const twins = manifestOf({
      transformations: [{ name: 'rows', type: 'sql', sql: 'select 1 as n' }],
      sinks: {
        a: { type: 'csv', from: 'rows', path: 'a/x.csv' },
        b: { type: 'csv', from: 'rows', path: 'b/x.csv' },
      },
    })
    const files = filesOf(await bench.run(twins))
    await bench.engine.publish(acme, run, files)
    expect(await Promise.all(['a/x.csv', 'b/x.csv'].map(bench.read))).toEqual(['n\n1\n', 'n\n1\n'])
  })

  test('twice is as good as once', async () => {
    const { bench, publish } = await committed()
    await publish()
    await publish()
    expect(await published(bench)).toEqual(both)
  })

  test('twice at the same time is as good as once', async () => {
    const { bench, publish } = await committed()
    await Promise.all([publish(), publish(), publish()])
    expect(await published(bench)).toEqual(both)
  })

  test('goes on where a crash has stopped it', async () => {
    const { bench, files, publish } = await committed()
    const [first] = files
    if (first === undefined) throw new Error('nothing staged')
    await bench.write('out/keep.csv', '')
    await rename(join(bench.root, first.staged), join(bench.root, first.target))
    await publish()
    expect(await published(bench)).toEqual(both)
  })

  /** Publishes up to the second file, which is not there, and answers what puts it back. */
  const stoppedAfterOne = async () => {
    const { bench, files, publish } = await committed()
    const staged = join(bench.root, files[1]?.staged ?? '')
    await rename(staged, `${staged}.away`)
    await expect(publish()).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
    return { bench, files, publish, putBack: () => rename(`${staged}.away`, staged) }
  }

  test('goes on after a crash though another run has replaced what was published', async () => {
    const { bench, publish, putBack } = await stoppedAfterOne()
    await bench.publish(manifest, { run: 'run-2' })
    await putBack()
    await publish()
    expect(await published(bench)).toEqual(['run\nrun-2\n', 'run\nrun-1\n'])
    expect(await readdir(join(bench.root, '.staging'))).toEqual([])
  })

  test('takes a file that a crash has left without a marker for published by its hash, once and for all', async () => {
    const { bench, files, publish, putBack } = await stoppedAfterOne()
    await rm(join(bench.root, '.staging/run-1/published'), { recursive: true })
    await expect(publish()).rejects.toThrow(files[1]?.target)
    await bench.write('out/a.csv', 'replaced')
    await putBack()
    await publish()
    expect(await published(bench)).toEqual(['replaced', 'run\nrun-1\n'])
  })

  test('does not take one file for another that was published', async () => {
    const { publish } = await stoppedAfterOne()
    await expect(publish()).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
  })

  test('its markers are no files that a discard names', async () => {
    const { bench } = await stoppedAfterOne()
    const removed = await bench.engine.discard(acme, run)
    expect(removed.filter((path) => path.includes('published'))).toEqual([])
  })

  test('replaces what an earlier run has published', async () => {
    const { bench, publish } = await committed()
    await publish()
    await bench.publish(manifest, { run: 'run-2' })
    expect(await bench.read('out/a.csv')).toBe('run\nrun-2\n')
  })

  test('is refused when a file is neither staged nor published', async () => {
    const { bench, files, publish } = await committed()
    await rm(join(bench.root, files[1]?.staged ?? ''))
    await expect(publish()).rejects.toMatchObject({
      code: 'OUTPUT_LOST',
      message: expect.stringContaining('out/deeper/b.csv'),
    })
  })

  test('is refused when the target holds other bytes', async () => {
    const { bench, files, publish } = await committed()
    await rm(join(bench.root, files[0]?.staged ?? ''))
    await bench.write('out/a.csv', 'other')
    await expect(publish()).rejects.toMatchObject({ code: 'OUTPUT_LOST', retryable: false })
    expect(await bench.read('out/a.csv')).toBe('other')
  })

  test("never takes another run's staged file", async () => {
    const { bench, files } = await committed()
    await expect(bench.engine.publish(acme, runId('run-9'), files)).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
    expect(await bench.engine.discard(acme, run)).toHaveLength(3)
  })

  test('of no files removes the staging all the same', async () => {
    const { bench } = await committed()
    await bench.engine.publish(acme, run, [])
    expect(await readdir(join(bench.root, '.staging'))).toEqual([])
  })
})

describe('discarding', () => {
  test('removes what was staged and names it', async () => {
    const { bench, files } = await committed()
    const removed = await bench.engine.discard(acme, run)
    expect(removed).toEqual([...files.map(({ staged }) => staged), '.staging/run-1/work/rows.parquet'].sort())
    expect(await readdir(join(bench.root, '.staging'))).toEqual([])
    expect(existsSync(join(bench.root, 'out'))).toBe(false)
  })

  test('leaves other runs alone', async () => {
    const { bench } = await committed()
    await bench.run(manifest, { run: 'run-2' })
    await bench.engine.discard(acme, run)
    expect(await readdir(join(bench.root, '.staging'))).toEqual(['run-2'])
  })

  test('a run that has staged nothing names nothing', async () => {
    const bench = await openBench()
    expect(await bench.engine.discard(acme, run)).toEqual([])
    expect(await bench.engine.discard(acme, run)).toEqual([])
  })
})
