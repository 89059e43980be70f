import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stagesOf } from '../../src/domain/pipeline/stages.ts'
import { loadManifests } from '../../src/manifests/directory.ts'

const directoryOf = async (files: Record<string, string>): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'manifests-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text)
  }
  return directory
}

const manifest = (name: string) =>
  `name: ${name}\nversion: '1'\ntransformations: [{ name: w, type: sleep, seconds: 0 }]\n`

const loaded = async (files: Record<string, string>) => {
  const { manifests, problems } = await loadManifests(await directoryOf(files))
  return { names: manifests.map(({ tenant, file, manifest: { name } }) => [tenant, file, name]), problems }
}

test('files at the top belong to the tenant default, files in a folder to the tenant of that name', async () => {
  const files = {
    'a.yaml': manifest('a'),
    'b.yml': manifest('b'),
    'acme/a.yaml': manifest('a'),
    'acme/c.json': '{"name":"c","version":"1","transformations":[{"name":"w","type":"sleep","seconds":0}]}',
    'readme.md': 'not a manifest',
    '.hidden.yaml': 'neither',
    'acme/deeper/d.yaml': manifest('d'),
  }
  expect(await loaded(files)).toEqual({
    names: [
      ['default', 'a.yaml', 'a'],
      ['default', 'b.yml', 'b'],
      ['acme', 'acme/a.yaml', 'a'],
      ['acme', 'acme/c.json', 'c'],
    ],
    problems: [],
  })
})

test('a wrong manifest is a problem with file, path and reason, and the rest is loaded', async () => {
  const { names, problems } = await loaded({
    'a.yaml': manifest('a'),
    'b.yaml': manifest('b').replace('seconds: 0', 'seconds: soon'),
  })
  expect(names).toEqual([['default', 'a.yaml', 'a']])
  expect(problems).toEqual([
    { file: 'b.yaml', path: 'transformations[0].seconds', message: expect.stringContaining('expected number') },
  ])
})

test.each([
  ['a broken line', 'name: a\nversion: [1\n', /line 3, column 1/],
  ['a key that is given twice', 'name: a\nversion: "1"\nname: b\n', /line 3, column 1/],
  ['two documents in one file', 'name: a\n---\nname: b\n', /line 2, column 1/],
  ['an unknown tag', 'name: !slug a\n', /line 1, column 7/],
])('%s is a problem with line and column', async (_, text, place) => {
  const { problems } = await loaded({ 'a.yaml': text })
  expect(problems).toEqual([{ file: 'a.yaml', path: expect.stringMatching(place), message: expect.any(String) }])
})

test('aliases that unfold without end are refused', async () => {
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`)
  const { problems } = await loaded({ 'bomb.yaml': ['l0: &l0 [1]', ...levels].join('\n') })
  expect(problems).toEqual([{ file: 'bomb.yaml', path: '', message: expect.stringContaining('alias') }])
})

test('a file that is too large is not read', async () => {
  const { problems } = await loaded({ 'large.yaml': '#'.repeat(1_048_577) })
  expect(problems).toEqual([{ file: 'large.yaml', path: '', message: expect.stringContaining('larger than') }])
})

test('of two manifests of one tenant with one name the first stays and the second is a problem', async () => {
  const { names, problems } = await loaded({ 'a.yaml': manifest('same'), 'b.yaml': manifest('same') })
  expect(names).toEqual([['default', 'a.yaml', 'same']])
  expect(problems).toEqual([{ file: 'b.yaml', path: 'name', message: "'same' is already in a.yaml" }])
})

test('a folder that is no tenant is a problem', async () => {
  const { problems } = await loaded({ 'two words/a.yaml': manifest('a') })
  expect(problems).toEqual([{ file: 'two words', path: '', message: expect.stringContaining('not a valid tenant id') }])
})

test('a directory that is not there is a problem', async () => {
  const missing = join(await directoryOf({}), 'none')
  expect(await loadManifests(missing)).toEqual({
    manifests: [],
    problems: [{ file: '', path: '', message: `cannot read the directory ${missing}: there is none` }],
  })
})

test("the project's own pipelines are all well-formed", async () => {
  const { manifests, problems } = await loadManifests('pipelines')
  expect(problems).toEqual([])
  const stages = new Map(manifests.map((each) => [each.manifest.name, stagesOf(each.manifest)]))
  expect(stages.get('flights-daily')).toEqual(['day', 'by_route', 'quality_checks', 'load_routes'])
  expect(stages.get('weather-monthly')).toEqual(['days', 'by_kind', 'quality_checks', 'load_summary'])
})
