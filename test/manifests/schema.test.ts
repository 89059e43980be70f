import { describe, expect, test } from 'vitest'
import { stagesOf } from '../../src/domain/pipeline/stages.ts'
import { parseManifest } from '../../src/manifests/schema.ts'

const smallest = { name: 'copy', version: '1', transformations: [{ name: 'wait', type: 'sleep', seconds: 1 }] }

const full = () => ({
  name: 'flights-daily',
  version: '1.0.0',
  parameters: { late: { type: 'integer', default: 15, minimum: 0 } },
  sources: { flights: { type: 'parquet', path: 'flights.parquet' } },
  transformations: [
    { name: 'day', type: 'sql', sql: 'select * from flights where cast(date as date) = $partition' },
    { name: 'pause', type: 'sleep', seconds: 0 },
  ],
  sinks: { routes: { type: 'parquet', from: 'day', path: 'routes/{partition}.parquet' } },
  quality_checks: [{ name: 'has_rows', type: 'row_count', on: 'day', min: 1 }],
  orchestration: { retries: 2, partition: { type: 'daily' } },
})

const problemsOf = (value: unknown) => {
  const parsed = parseManifest(value)
  return 'problems' in parsed ? parsed.problems : []
}

describe('a manifest', () => {
  test('gets the defaults that DESIGN.md names', () => {
    expect(parseManifest(smallest)).toEqual({
      manifest: {
        ...smallest,
        title: null,
        description: null,
        owner: null,
        parameters: {},
        sources: {},
        sinks: {},
        quality_checks: [],
        orchestration: {
          engine: 'local',
          partition: null,
          retries: 0,
          retry_delay_seconds: 5,
          timeout_seconds: 3600,
          max_active_runs: 1,
        },
        slo: null,
        contract: null,
      },
    })
  })

  test('has its transformations as stages, then its checks, then a load per sink', () => {
    const parsed = parseManifest(full())
    expect('manifest' in parsed && stagesOf(parsed.manifest)).toEqual(['day', 'pause', 'quality_checks', 'load_routes'])
  })

  test('without checks has no stage for them', () => {
    const parsed = parseManifest({ ...full(), quality_checks: [] })
    expect('manifest' in parsed && stagesOf(parsed.manifest)).toEqual(['day', 'pause', 'load_routes'])
  })
})

const sink = (fields: object) => ({ ...full(), sinks: { routes: { ...full().sinks.routes, ...fields } } })
const source = (path: string) => ({ ...full(), sources: { flights: { type: 'parquet', path } } })
const checks = (...quality_checks: object[]) => ({ ...full(), quality_checks })
const steps = (...transformations: object[]) => ({
  ...full(),
  transformations: [...full().transformations, ...transformations],
})
const parameters = (specs: object) => ({ ...full(), parameters: specs })

describe('a wrong manifest is refused with path and reason:', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['no object', 'text', '', /expected object/],
    ['no version', { ...full(), version: undefined }, 'version', /is missing/],
    ['a version that YAML read as a number', { ...full(), version: 1.5 }, 'version', /expected string/],
    ['an unknown key', { ...full(), sauces: {} }, 'sauces', /unknown key/],
    ['an unknown key inside', sink({ form: 'day' }), 'sinks.routes.form', /unknown key/],
    ['a reserved slug', { ...full(), name: 'runs' }, 'name', /reserved word/],
    ['no stage', { name: 'copy', version: '1' }, '', /nothing to run/],
    ['an unknown format', sink({ type: 'xml' }), 'sinks.routes.type', /"parquet"\|"csv"\|"json"/],
    ['a sink from nowhere', sink({ from: 'dya' }), 'sinks.routes.from', /'dya' is neither a source nor/],
    ['a sink from a pause', sink({ from: 'pause' }), 'sinks.routes.from', /'pause' is a sleep step/],
    [
      'a name that is a path',
      { ...full(), sources: { '../x': full().sources.flights } },
      'sources.../x',
      /the name must start/,
    ],
    ['an absolute path', source('/etc/passwd'), 'sources.flights.path', /'\/etc\/passwd' is absolute/],
    ['a path that climbs', source('a/../../b.csv'), 'sources.flights.path', /holds '\.\.'/],
    ['a path with a pattern', source('*.parquet'), 'sources.flights.path', /must name one file/],
    ['a backslash', source('a\\b.csv'), 'sources.flights.path', /backslash/],
    ['a path in the staging folder', source('.staging/x.csv'), 'sources.flights.path', /engine's own/],
    ['a placeholder in a source', source('{partition}.csv'), 'sources.flights.path', /only a sink's path may/],
    ['an unknown placeholder', sink({ path: 'a/{day}.csv' }), 'sinks.routes.path', /'\{day\}'/],
    ['an open brace', sink({ path: 'a/{partition.csv' }), 'sinks.routes.path', /\{partition/],
    [
      'an unknown kind of step',
      steps({ name: 'x', type: 'python' }),
      'transformations[2].type',
      /must be one of sql, scoring, sleep/,
    ],
    [
      'an unknown scoring step',
      steps({ name: 'x', type: 'scoring', step: 'guess' }),
      'transformations[2].step',
      /"ingest"/,
    ],
    ['a pause without end', steps({ name: 'x', type: 'sleep', seconds: 1e9 }), 'transformations[2].seconds', /<=86400/],
    ['empty SQL', steps({ name: 'x', type: 'sql', sql: '  ' }), 'transformations[2].sql', /is empty/],
    [
      'one name for two steps',
      steps({ name: 'Day', type: 'sleep', seconds: 0 }),
      'transformations',
      /'Day' is the name of more than one source or transformation/,
    ],
    [
      'one name for source and step',
      steps({ name: 'flights', type: 'sleep', seconds: 0 }),
      'transformations',
      /'flights' is the name/,
    ],
    [
      'a step named like a load',
      steps({ name: 'load_routes', type: 'sleep', seconds: 0 }),
      'transformations',
      /'load_routes' is the name of more than one stage/,
    ],
    [
      'a step named like the checks',
      steps({ name: 'quality_checks', type: 'sleep', seconds: 0 }),
      'transformations',
      /'quality_checks' is the name of more than one stage/,
    ],
    [
      'two sinks with one path',
      { ...full(), sinks: { a: full().sinks.routes, b: full().sinks.routes } },
      'sinks',
      /more than one sink/,
    ],
    [
      'a check on nothing',
      checks({ name: 'c', type: 'unique', on: 'nights', column: 'x' }),
      'quality_checks[0].on',
      /'nights' is neither/,
    ],
    [
      'a row count without limits',
      checks({ name: 'c', type: 'row_count', on: 'day' }),
      'quality_checks[0]',
      /needs min, max or both/,
    ],
    [
      'limits the wrong way round',
      checks({ name: 'c', type: 'row_count', on: 'day', min: 2, max: 1 }),
      'quality_checks[0].max',
      /less than min/,
    ],
    [
      'two checks of one name',
      checks({ name: 'c', type: 'row_count', on: 'day', min: 1 }, { name: 'c', type: 'row_count', on: 'day', min: 2 }),
      'quality_checks',
      /more than one check/,
    ],
    [
      'a taken parameter name',
      parameters({ partition: { type: 'string' } }),
      'parameters.partition',
      /\$partition and \$run_id are given/,
    ],
    ['a parameter with a hyphen', parameters({ 'a-b': { type: 'string' } }), 'parameters.a-b', /letters, digits and _/],
    [
      'a default of another type',
      parameters({ late: { type: 'integer', default: 1.5 } }),
      'parameters.late.default',
      /not of type integer/,
    ],
    [
      'a default beyond its limits',
      parameters({ late: { type: 'number', default: 2, maximum: 1 } }),
      'parameters.late.default',
      /within its limits/,
    ],
    ['limits on a text', parameters({ late: { type: 'string', minimum: 1 } }), 'parameters.late', /are for numbers/],
    ['too many retries', { ...full(), orchestration: { retries: 101 } }, 'orchestration.retries', /<=100/],
    ['no time at all', { ...full(), orchestration: { timeout_seconds: 0 } }, 'orchestration.timeout_seconds', />0/],
  ])('%s', (_, value, path, message) => {
    expect(problemsOf(value)).toContainEqual({ path, message: expect.stringMatching(message) })
  })

  test('every problem at once', () => {
    const wrong = { ...full(), name: 'runs', extra: 1, orchestration: { retries: -1 } }
    expect(problemsOf(wrong).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['name', 'extra', 'orchestration.retries']),
    )
  })
})
