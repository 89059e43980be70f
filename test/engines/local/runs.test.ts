import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadManifests } from '../../../src/manifests/directory.ts'
import { manifestOf, openBench, plainDuckDb, samples } from './support/bench.ts'

const pipeline = async (name: string) => {
  const { manifests } = await loadManifests('pipelines')
  const found = manifests.find(({ manifest }) => manifest.name === name)
  if (found === undefined) throw new Error(`no pipeline ${name}`)
  return found.manifest
}

describe('a run of flights-daily', () => {
  test("publishes the day's routes as a plain DuckDB query over the same file counts them", async () => {
    const bench = await openBench({ samplesDir: samples })
    const results = await bench.publish(await pipeline('flights-daily'), { partition: '2001-03-04' })
    const routes = await plainDuckDb(`FROM '${bench.root}/routes/2001-03-04.parquet' ORDER BY ALL`)
    expect(routes).toEqual(
      await plainDuckDb(`
        SELECT origin, destination, count(*) AS flights, avg(delay) AS delay
        FROM '${samples}/flights-3m.parquet' WHERE date >= '2001-03-04' AND date < '2001-03-05'
        GROUP BY ALL ORDER BY ALL`),
    )
    expect(results.day).toMatchObject({ output: { rows: 15_782 }, rows: 15_782, files: [], lineage: null })
    expect(results.day?.bytesRead).toBe(13_493_022)
    expect(results.quality_checks?.output).toEqual({ checks: 2, passed: 2 })
    expect(results.load_routes?.output).toEqual({
      path: 'routes/2001-03-04.parquet',
      rows: routes.length,
      bytes: (await readFile(join(bench.root, 'routes/2001-03-04.parquet'))).length,
    })
  })

  test('leaves the sample, the routes and no staging in the directory', async () => {
    const bench = await openBench({ samplesDir: samples })
    await bench.publish(await pipeline('flights-daily'), { partition: '2001-03-04' })
    expect((await readdir(bench.root, { recursive: true })).sort()).toEqual([
      '.staging',
      'flights-3m.parquet',
      'routes',
      'routes/2001-03-04.parquet',
    ])
  })

  test('writes the same bytes each time', async () => {
    const bench = await openBench({ samplesDir: samples })
    const manifest = await pipeline('flights-daily')
    const [one, two] = await Promise.all(
      ['one', 'two'].map((run) => bench.run(manifest, { run, partition: '2001-01-01' })),
    )
    expect(two?.load_routes?.files[0]?.sha256).toBe(one?.load_routes?.files[0]?.sha256)
  })

  test('would do so without an order too, for a query runs in one thread', async () => {
    const bench = await openBench({ samplesDir: samples })
    const manifest = manifestOf({
      sources: { flights: { type: 'parquet', path: 'flights-3m.parquet' } },
      transformations: [
        { name: 'all', type: 'sql', sql: 'select origin, destination, sum(delay / 3) from flights group by all' },
      ],
      sinks: { out: { type: 'csv', from: 'all', path: 'out.csv' } },
    })
    const hashes = new Set<string | undefined>()
    for (const run of ['a', 'b', 'c']) hashes.add((await bench.run(manifest, { run })).load_out?.files[0]?.sha256)
    expect(hashes.size).toBe(1)
  })

  test('fails its checks on a day without flights', async () => {
    const bench = await openBench({ samplesDir: samples })
    await expect(bench.run(await pipeline('flights-daily'), { partition: '2002-01-01' })).rejects.toMatchObject({
      code: 'QUALITY_CHECK_FAILED',
      message: 'has_rows: 0 rows in by_route, at least 1 asked',
    })
  })
})

test('a run of weather-monthly publishes one line per kind of weather', async () => {
  const bench = await openBench({ samplesDir: samples })
  await bench.publish(await pipeline('weather-monthly'), { partition: '2012-03' })
  expect(await bench.read('weather/2012-03.csv')).toBe(
    `weather,days,wet_days,mean_temp_max,mean_temp_min,precipitation
drizzle,1,0,12.8,6.1,0.0
rain,19,17,9.04,3.36,120.5
snow,5,5,8.34,1.48,62.5
sun,6,0,11.67,1.77,0.0
`,
  )
})

const people = {
  csv: 'name,age\nAda,36\nAlan,\n',
  json: '{"name":"Ada","age":36}\n{"name":"Alan","age":null}\n',
  'json array': '[{"name":"Ada","age":36},{"name":"Alan","age":null}]',
}

describe('sources and sinks', () => {
  test.each(Object.entries(people))('a %s source is read', async (format, text) => {
    const bench = await openBench()
    await bench.write('people.txt', text)
    await bench.publish(
      manifestOf({
        sources: { people: { type: format === 'csv' ? 'csv' : 'json', path: 'people.txt' } },
        sinks: { out: { type: 'csv', from: 'people', path: 'out.csv' } },
      }),
    )
    expect(await bench.read('out.csv')).toBe(people.csv)
  })

  test.each(['parquet', 'csv', 'json'])('what a %s sink writes is read back as a source', async (type) => {
    const bench = await openBench()
    await bench.write('people.csv', people.csv)
    await bench.publish(
      manifestOf({
        sources: { people: { type: 'csv', path: 'people.csv' } },
        sinks: { out: { type, from: 'people', path: `deep/folder/out.${type}` } },
      }),
    )
    const back = manifestOf({
      sources: { back: { type, path: `deep/folder/out.${type}` } },
      sinks: { out: { type: 'csv', from: 'back', path: 'back.csv' } },
    })
    await bench.publish(back, { run: 'run-2' })
    expect(await bench.read('back.csv')).toBe(people.csv)
  })

  test('a JSON sink is one JSON document', async () => {
    const bench = await openBench()
    const manifest = manifestOf({
      transformations: [{ name: 'rows', type: 'sql', sql: "values (1, 'é'), (2, null)" }],
      sinks: { out: { type: 'json', from: 'rows', path: 'out.json' } },
    })
    await bench.publish(manifest)
    expect(JSON.parse(await bench.read('out.json'))).toEqual([
      { col0: 1, col1: 'é' },
      { col0: 2, col1: null },
    ])
  })

  test('a folder named like month=3 adds no column', async () => {
    const bench = await openBench()
    await bench.write('month=3/a.csv', 'a\n1\n')
    const manifest = manifestOf({
      sources: { a: { type: 'csv', path: 'month=3/a.csv' } },
      sinks: { out: { type: 'csv', from: 'a', path: 'out.csv' } },
    })
    await bench.publish(manifest)
    expect(await bench.read('out.csv')).toBe('a\n1\n')
  })

  test('a source whose file is not there fails its stage with name and path, and is not tried again', async () => {
    const bench = await openBench({ samplesDir: samples })
    const manifest = manifestOf({
      sources: { none: { type: 'csv', path: 'in/none.csv' } },
      sinks: { out: { type: 'csv', from: 'none', path: 'out.csv' } },
    })
    await expect(bench.run(manifest)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: "Source 'none': there is no file 'in/none.csv'",
      retryable: false,
    })
  })

  test('a sample is copied in once, whole, also when two sessions begin at once', async () => {
    const bench = await openBench({ samplesDir: samples })
    const manifest = manifestOf({
      sources: { weather: { type: 'csv', path: 'raw/seattle-weather.csv' } },
      transformations: [{ name: 'all', type: 'sql', sql: 'select count(*) from weather' }],
    })
    await Promise.all(['a', 'b', 'c'].map((run) => bench.run(manifest, { run })))
    expect(await readdir(join(bench.root, 'raw'))).toEqual(['seattle-weather.csv'])
    expect(await bench.read('raw/seattle-weather.csv')).toBe(
      await readFile(join(samples, 'seattle-weather.csv'), 'utf8'),
    )
  })

  test("the tenant's own file goes before the sample of its name", async () => {
    const bench = await openBench({ samplesDir: samples })
    await bench.write('seattle-weather.csv', 'a\n1\n')
    const manifest = manifestOf({
      sources: { weather: { type: 'csv', path: 'seattle-weather.csv' } },
      sinks: { out: { type: 'csv', from: 'weather', path: 'out.csv' } },
    })
    await bench.publish(manifest)
    expect(await bench.read('out.csv')).toBe('a\n1\n')
  })

  test('a sink without a partition to fill its path fails', async () => {
    const bench = await openBench()
    const manifest = manifestOf({
      transformations: [{ name: 'one', type: 'sql', sql: 'select 1' }],
      sinks: { out: { type: 'csv', from: 'one', path: '{partition}/{run_id}.csv' } },
    })
    await expect(bench.run(manifest)).rejects.toThrow('needs a partition, but this run has none')
    const results = await bench.run(manifest, { partition: '2001' })
    expect(results.load_out?.output).toMatchObject({ path: '2001/run-1.csv' })
  })
})

test('a pause lasts as long as it says', async () => {
  const bench = await openBench()
  const { wait } = await bench.run(manifestOf({ transformations: [{ name: 'wait', type: 'sleep', seconds: 0.2 }] }))
  expect(wait?.output).toEqual({ slept_seconds: 0.2 })
  expect(wait?.computeMs).toBeGreaterThanOrEqual(199)
})
