import { expect, onTestFinished, test } from 'vitest'
import { openNote, parseNote, parseVerifierKey } from '../../src/evidence/verifier/note.ts'
import { untilSo } from '../crash/stack.ts'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, Service, startService, temporaryDir } from './service.ts'

interface Listed {
  size: number
  root: string
  witnessed: boolean
  witnesses: string[]
  note: string
}

const serve = async (env: Record<string, string>): Promise<Service> => {
  const service = await startService({ PIPELINES_DIR: drillPipelines, ...env })
  onTestFinished(() => service.killGroup())
  return service
}

const witness = (dir: string, name: string, log: string) => {
  const started = new Service(['witness', '--log', log, '--port', '0', '--dir', dir, '--name', name], {})
  onTestFinished(() => started.killGroup())
  return started
}

const ready = async (started: Service) => {
  const [url = '', vkey = ''] = (await started.says(/^ledgerline witness ready (.*)$/m)).split(' ')
  return { url, vkey, started }
}

const checkpointsOf = async (url: string): Promise<Listed[]> => {
  const response = await fetch(`${url}/ledger/default/checkpoints`)
  return ((await response.json()) as { checkpoints: Listed[] }).checkpoints
}

const runOnce = async (service: Service, batch: string): Promise<void> => {
  const client = new BatchClient(service.url)
  await client.finished(await client.triggered('drill-days', batch))
}

test('two witnesses that asked the service for its key make its checkpoints witnessed; one alone does not', async () => {
  const dataDir = await temporaryDir('witnessed')
  const alone = await serve({ DATA_DIR: dataDir })
  await runOnce(alone, 'day-1')
  await untilSo(async () => (await checkpointsOf(alone.url)).length > 0, 60_000)
  expect(
    (await checkpointsOf(alone.url)).every(({ witnessed, witnesses }) => !witnessed && witnesses.length === 0),
  ).toBe(true)
  const log = `${alone.url}/ledger/default`
  const dirs = [await temporaryDir('witness'), await temporaryDir('witness')]
  const names = ['witness.example/one', 'witness.example/two']
  for (const [at, dir] of dirs.entries()) {
    const first = await ready(witness(dir, names[at] ?? '', log))
    expect(await first.started.stop()).toBe(0)
  }
  expect(await alone.stop()).toBe(0)

  // The service is gone: what it answered once was kept.
  const both = await Promise.all(dirs.map((dir, at) => ready(witness(dir, names[at] ?? '', log))))
  const service = await serve({ DATA_DIR: dataDir, WITNESSES: both.map(({ vkey, url }) => `${vkey}=${url}`).join(',') })
  await runOnce(service, 'day-2')
  // The log may grow between two questions: the same checkpoint has to come out of both.
  let newest: Listed | undefined
  await untilSo(async () => {
    newest = (await checkpointsOf(service.url))[0]
    const served = await (await fetch(`${service.url}/ledger/default/checkpoint`)).text()
    return newest?.witnessed === true && served === newest.note
  }, 60_000)
  expect(newest?.witnesses.toSorted()).toEqual(names)
  const key = await (await fetch(`${service.url}/ledger/default/key`)).text()
  const known = [key.trim(), ...both.map(({ vkey }) => vkey)].map(parseVerifierKey)
  expect(openNote(parseNote(newest?.note ?? ''), known)).toHaveLength(3)

  await both[1]?.started.stop()
  await runOnce(service, 'day-3')
  const later = async () => {
    const [first] = await checkpointsOf(service.url)
    return first && first.size > (newest?.size ?? 0) && first.witnesses.length > 0 ? first : undefined
  }
  let one: Listed | undefined
  await untilSo(async () => {
    one = await later()
    return one !== undefined
  }, 60_000)
  expect(one).toMatchObject({ witnessed: false, witnesses: [names[0]] })
  expect((await checkpointsOf(service.url)).find(({ size }) => size === newest?.size)?.witnessed).toBe(true)
}, 120_000)

test.each([
  ['http://127.0.0.1:9/ledger/default', /^--log \S+: http:\/\/127\.0\.0\.1:9\/ledger\/default\/key does not answer/],
  ['URL/ledger/nobody', /^--log \S+: \S+\/ledger\/nobody\/key answers 404$/m],
  ['URL/health?', /^--log \S+: .*is not a verifier key/],
])('a witness that finds no key at %s says so, and does not start', async (at, said) => {
  const needsService = at.startsWith('URL')
  const service = needsService ? await serve({ DATA_DIR: await temporaryDir('no-log') }) : null
  const log = at.replace('URL', service?.url ?? '')
  const started = witness(await temporaryDir('witness'), 'witness.example/none', log)
  expect(await started.exited()).toBe(1)
  expect(started.stderr).toMatch(said)
})
