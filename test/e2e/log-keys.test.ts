import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openNote, parseNote, parseVerifierKey } from '../../src/evidence/note.ts'
import { untilSo } from '../crash/stack.ts'
import { BatchClient } from './batch-client.ts'
import { storedEvents } from './edited-ledger.ts'
import { drillPipelines, Service, startNode, startService, temporaryDir } from './service.ts'

const run = async (args: string[], env: Record<string, string>): Promise<string> => {
  const service = new Service(args, env)
  const code = await service.exited()
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${service.stderr}`)
  return service.stdout
}

interface Listed {
  tenant: string
  log: string
  since: string
  vkey: string
}

const witnessOf = async (log: string): Promise<string> => {
  const dir = await temporaryDir('witness')
  const witness = new Service(['witness', '--log', log, '--port', '0', '--dir', dir], {})
  onTestFinished(() => witness.killGroup())
  const [url = '', vkey = ''] = (await witness.says(/^ledgerline witness ready (.*)$/m)).split(' ')
  return `${vkey}=${url}`
}

test('a key is rotated beside a running service; what the old one signed, the old one still verifies', async () => {
  const dataDir = await temporaryDir('log-keys')
  const env = { DATA_DIR: dataDir, PIPELINES_DIR: drillPipelines }
  const service = await startService(env)
  onTestFinished(() => service.killGroup())
  const address = await untilAddress(dataDir)
  const keysOf = async (...more: string[]): Promise<Listed[]> =>
    JSON.parse(await run(['keys', '--json', ...more], env)).filter(
      ({ tenant, log }: Listed) => tenant === 'default' && log === 'commands',
    )
  const notes = async () =>
    (await storedEvents(address))
      .filter(({ stream }) => stream === 'checkpoint-default.commands')
      .map(({ data }) => String(Object(data).note))
  const client = new BatchClient(service.url)
  await client.finished(await client.triggered('drill-days', 'day-1'))
  await untilSo(async () => (await notes()).length > 0, 60_000)
  const [first] = await keysOf()
  const [fresh, old] = await keysOf('--rotate')
  expect(old).toEqual(first)
  expect(fresh?.vkey).not.toBe(old?.vkey)
  expect(await run(['keys'], env)).toContain(fresh?.vkey)
  const signs = (listed: Listed | undefined, note: string) => {
    try {
      return openNote(parseNote(note), [parseVerifierKey(listed?.vkey ?? '')]).length === 1
    } catch {
      return false
    }
  }
  await untilSo(async () => {
    await client.finished(await client.triggered('drill-days', `day-${Math.floor(Math.random() * 1e9)}`))
    return signs(fresh, (await notes()).at(-1) ?? '')
  }, 60_000)
  const all = await notes()
  expect(signs(old, all[0] ?? '')).toBe(true)
  expect(all.filter((note) => !signs(old, note) && !signs(fresh, note))).toEqual([])
  const files = (await readdir(join(dataDir, 'keys'))).filter((name) => /^log.*\.key$/.test(name))
  expect(files).toHaveLength(2)
  for (const file of files) expect((await stat(join(dataDir, 'keys', file))).mode & 0o777).toBe(0o600)
  expect(await service.stop()).toBe(0)

  // And without a service: with two witnesses, the next checkpoint is witnessed.
  const witnesses = await Promise.all([witnessOf(fresh?.vkey ?? ''), witnessOf(fresh?.vkey ?? '')])
  expect(await keysOf()).toEqual([fresh, old])
  const next = await startService({ ...env, WITNESSES: witnesses.join(',') })
  onTestFinished(() => next.killGroup())
  const again = new BatchClient(next.url)
  await again.finished(await again.triggered('drill-days', 'day-2'))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await next.stop()
  const node = await startNode(join(dataDir, 'ledger'))
  const cosigned = (await storedEvents(node.url)).filter(
    ({ stream }) => stream === 'checkpoint-default.commands.cosigned',
  )
  await node.stop()
  expect(cosigned.length).toBeGreaterThan(0)
  expect(Object(cosigned.at(-1)?.data)).toMatchObject({
    witnessed: true,
    cosignatures: [expect.any(String), expect.any(String)],
  })
}, 120_000)

const untilAddress = async (dataDir: string): Promise<string> => {
  const [url = ''] = (await readFile(join(dataDir, 'ledger-address'), 'utf8')).split(' ')
  return url
}

test('verify ends with 3 where there is nothing to check, keys with one sentence where there is no ledger', async () => {
  const verify = new Service(['verify', '/nowhere/bundle.json'], {})
  expect(await verify.exited()).toBe(3)
  const keys = new Service(['keys'], { DATA_DIR: await temporaryDir('no-ledger') })
  expect(await keys.exited()).toBe(1)
  expect(keys.stderr).toBe('this ledger has no name and no key yet: start the service once\n')
})
