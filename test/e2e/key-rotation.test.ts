import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseNote, parseVerifierKey } from '../../src/evidence/verifier/note.ts'
import { untilSo } from '../crash/stack.ts'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, Service, startService, temporaryDir } from './service.ts'

let service: Service
let client: BatchClient
let dir = ''
/** Verifier keys, and their ids. */
const [old, fresh] = [
  { vkey: '', id: '' },
  { vkey: '', id: '' },
]
const files = { before: '', after: '', across: '' }
let batches = 0

const text = async (path: string): Promise<string> => {
  const response = await fetch(`${service.url}${path}`)
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.text()
}
const keysText = () => text('/ledger/default/key')
const signerId = (note: string) => parseNote(note).signatures[0]?.keyId
const runOnce = async (): Promise<string> => {
  batches += 1
  const run = await client.triggered('drill-days', `day-${batches}`)
  await client.finished(run)
  return run
}
const saved = async (name: string, path: string): Promise<string> => {
  await writeFile(join(dir, name), await text(path))
  return join(dir, name)
}

beforeAll(async () => {
  dir = await temporaryDir('key-rotation')
  const env = { DATA_DIR: dir, PIPELINES_DIR: drillPipelines }
  service = await startService(env)
  client = new BatchClient(service.url)
  const first = await runOnce()
  files.before = await saved('before.json', `/evidence/runs/${first}`)
  Object.assign(old, keyIn(await keysText()))
  const ended = (await client.history(first)).at(-1)?.recorded_at ?? ''
  const rotating = new Service(['keys', '--rotate'], env)
  expect(await rotating.exited()).toBe(0)
  await untilSo(async () => {
    await runOnce()
    return signerId(await text('/ledger/default/checkpoint')) !== old.id
  }, 30_000)
  Object.assign(fresh, keyIn(await keysText()))
  files.after = await saved('after.json', `/evidence/runs/${await runOnce()}`)
  files.across = await saved('across.json', `/evidence/period?from=${ended}&to=2100-01-01`)
}, 90_000)

afterAll(async () => void (await service.stop()))

const keyIn = (answer: string) => {
  const [vkey = ''] = answer.split('\n')
  return { vkey, id: parseVerifierKey(vkey).id }
}

/** The log's own name, before the key's id. */
const nameOf = ({ vkey }: { vkey: string }) => vkey.split('+')[0] ?? ''

const verified = (file: string, ...keys: string[]) => {
  const args = ['dist/verify.mjs', file, ...keys.flatMap((key) => ['--key', key])]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, stdout }
}

test('a log tells all its keys, newest first, one per line, as the command does', async () => {
  expect(await keysText()).toBe(`${fresh.vkey}\n${old.vkey}\n`)
  expect(fresh.vkey).not.toBe(old.vkey)
  expect(await text('/ledger/default/access/key')).toMatch(/^(\S+\/access\+\S+\n){2}$/)
  const keys = new Service(['keys', '--json'], { DATA_DIR: dir })
  expect(await keys.exited()).toBe(0)
  const listed = JSON.parse(keys.stdout) as { tenant: string; log: string; vkey: string }[]
  const ofLog = listed.filter(({ tenant, log }) => tenant === 'default' && log === 'commands')
  expect(ofLog.map(({ vkey }) => vkey)).toEqual([fresh.vkey, old.vkey])
})

test('checkpoints from before the rotation are of the old key, those from then on of the new', async () => {
  const { checkpoints } = JSON.parse(await text('/ledger/default/checkpoints')) as { checkpoints: { key: string }[] }
  const keys = checkpoints.map(({ key }) => key)
  const since = keys.lastIndexOf(fresh.id)
  expect(keys).toEqual(keys.map((_, at) => (at <= since ? fresh.id : old.id)))
  expect(new Set(keys)).toEqual(new Set([fresh.id, old.id]))
})

describe('a bundle', () => {
  test('is verified with all keys of the log, from before the rotation, from after it and across it', async () => {
    for (const file of Object.values(files)) {
      expect(verified(file, await keysText()).stdout).toMatch(/\nVERIFIED\n$/)
      expect(verified(file, old.vkey, fresh.vkey).status).toBe(0)
    }
  })

  test('of a period across the rotation begins with the old key and ends with the new', () => {
    const { stdout } = verified(files.across, old.vkey, fresh.vkey)
    const name = nameOf(old)
    expect(stdout).toContain(`checkpoint signature  by ${name} (${fresh.id}), ${name} (${old.id})\n`)
    expect(stdout).toContain(`manifest signature    by ${name} (${fresh.id})\n`)
  })

  test.each([
    ['before', old, fresh],
    ['after', fresh, old],
    ['across', old, fresh],
    ['across', fresh, old],
  ] as const)(
    'from %s the rotation is refused by the key that signed it, where another is given',
    (when, missing, given) => {
      const { status, stdout } = verified(files[when], given.vkey)
      const said = `there is no signature of a known key, only of ${nameOf(missing)} (${missing.id})`
      expect([status, stdout]).toEqual([1, expect.stringContaining(`FAIL  checkpoint signature  ${said}\n`)])
      expect(stdout).toMatch(/\nFAILED: checkpoint signature\n$/)
    },
  )

  test('from before the rotation is verified with the old key alone', () => {
    expect(verified(files.before, old.vkey).status).toBe(0)
  })
})
