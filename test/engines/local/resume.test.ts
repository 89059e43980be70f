import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesOf, manifestOf, openBench, samples } from './support/bench.ts'

const manifest = manifestOf({
  sources: { weather: { type: 'csv', path: 'seattle-weather.csv' } },
  transformations: [
    { name: 'month', type: 'sql', sql: "select * from weather where strftime(date, '%Y-%m') = $partition" },
    { name: 'kinds', type: 'sql', sql: 'select weather, count(*) n from month group by all order by all' },
  ],
  sinks: { out: { type: 'parquet', from: 'kinds', path: 'out.parquet' } },
  quality_checks: [{ name: 'some', type: 'row_count', on: 'kinds', min: 1 }],
})
const partition = '2012-03'
// A staged file lies in a folder named by the first 16 digits of its target's SHA-256, here that of 'out.parquet'.

describe('a later attempt', () => {
  test('continues where the first one stopped and writes the same bytes', async () => {
    const bench = await openBench({ samplesDir: samples })
    const whole = await bench.run(manifest, { run: 'whole', partition })
    await bench.run(manifest, { run: 'halves', partition, stages: ['month', 'kinds'] })
    const rest = await bench.run(manifest, {
      run: 'halves',
      partition,
      attempt: 2,
      completedStages: ['month', 'kinds'],
      stages: ['quality_checks', 'load_out'],
    })
    expect(rest.load_out?.files).toEqual([
      {
        ...whole.load_out?.files[0],
        staged: expect.stringMatching(/^\.staging\/halves\/2\/028e596dc9a36a2e\/[0-9a-f]{64}-out\.parquet$/),
      },
    ])
    expect(rest.load_out?.lineage).toEqual(whole.load_out?.lineage)
  })

  test('reads what a completed stage has left instead of computing it again', async () => {
    const bench = await openBench({ samplesDir: samples })
    await bench.run(manifest, { partition, stages: ['month'] })
    await rm(join(bench.root, 'seattle-weather.csv'))
    await bench.write('seattle-weather.csv', 'date,weather\n2012-03-01,locusts\n')
    const { kinds } = await bench.run(manifest, {
      partition,
      attempt: 2,
      completedStages: ['month'],
      stages: ['kinds'],
    })
    expect(kinds?.rows).toBe(4)
  })

  test('computes a completed stage again when its table is gone', async () => {
    const bench = await openBench({ samplesDir: samples })
    await bench.run(manifest, { partition, stages: ['month', 'kinds'] })
    const before = await readFile(join(bench.root, '.staging/run-1/work/kinds.parquet'))
    await rm(join(bench.root, '.staging'), { recursive: true })
    const completed = { attempt: 2, completedStages: ['month', 'kinds'] }
    const { load_out } = await bench.run(manifest, { partition, ...completed, stages: ['load_out'] })
    expect(load_out?.rows).toBe(4)
    expect(await readFile(join(bench.root, '.staging/run-1/work/kinds.parquet'))).toEqual(before)
  })

  test('does not trust a table of a stage that was never reported as completed', async () => {
    const bench = await openBench({ samplesDir: samples })
    await bench.run(manifest, { partition, stages: ['month'] })
    const { month } = await bench.run(manifest, { partition: '2012-04', attempt: 2, stages: ['month'] })
    expect(month?.rows).toBe(30)
  })

  test('stages under a name of run, attempt and content', async () => {
    const bench = await openBench({ samplesDir: samples })
    const first = filesOf(await bench.run(manifest, { partition }))
    const second = filesOf(await bench.run(manifest, { partition, attempt: 2 }))
    const [file] = first
    expect(file?.staged).toBe(`.staging/run-1/1/028e596dc9a36a2e/${file?.sha256}-out.parquet`)
    expect(second[0]?.staged).toBe(`.staging/run-1/2/028e596dc9a36a2e/${file?.sha256}-out.parquet`)
    expect(await readdir(join(bench.root, '.staging/run-1'))).toEqual(['1', '2', 'work'])
  })
})

test('an unknown stage is refused', async () => {
  const bench = await openBench()
  await expect(bench.run(manifest, { stages: ['toString'] })).rejects.toThrow("has no stage 'toString'")
})
