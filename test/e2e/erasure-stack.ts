import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { drillPipelines, pause, type Service, startNode, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))

interface Call {
  actor: string
  person: { subject: string } | null
  origin: string | null
  erased: boolean
}

/** One ledger, one KEYS_DIR, and as many processes of the API on them as are started; tokens are wanted. */
export const openErasing = async () => {
  const dir = await temporaryDir('erasure')
  const keysDir = join(dir, 'keys')
  const started: Service[] = []
  onTestFinished(async () => {
    for (const service of started.reverse()) await service.killGroup()
  })
  const kept = (service: Service): Service => {
    started.push(service)
    return service
  }
  const node = kept(await startNode(join(dir, 'ledger')))
  const env = (name: string) => ({
    EVENTSTORE_URL: node.url,
    DATA_DIR: join(dir, name),
    KEYS_DIR: keysDir,
    TENANTS_DIR: join(dir, 'tenants'),
    PIPELINES_DIR: drillPipelines,
    AUTH: 'required',
  })
  const replica = async (name: string) => kept(await startService(env(name)))

  const ledgerline = (...args: string[]) =>
    run(process.execPath, [cli, ...args], { env: { PATH: process.env.PATH ?? '', ...env('one') } })
  const tokens = new Map<string, Promise<string>>()
  const tokenOf = (sub: string, roles: string): Promise<string> => {
    const issued =
      tokens.get(sub) ??
      ledgerline('token', '--sub', sub, '--tenant', 'default', '--roles', roles).then(({ stdout }) => stdout.trim())
    tokens.set(sub, issued)
    return issued
  }
  const ask = async (service: Service, token: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    const response = await fetch(service.url + path, { ...init, headers })
    return { status: response.status, text: await response.text() }
  }
  /** What an auditor sees of whom, once there is something to see. */
  const callOf = async (service: Service, actor: string): Promise<Call> => {
    const token = await tokenOf('audrey', 'auditor')
    for (let tries = 0; tries < 100; tries += 1) {
      const { text } = await ask(service, token, `/history/access?actor=${actor}`)
      const [call] = (JSON.parse(text) as { calls: Call[] }).calls
      if (call) return call
      await pause(50)
    }
    throw new Error(`no call of ${actor} was listed`)
  }
  /** Vera calls; her pseudonym. */
  const veraCalls = async (service: Service): Promise<string> => {
    await ask(service, await tokenOf('vera', 'viewer'), '/api/pipeline/runs')
    return (await callOf(service, 'vera')).actor
  }
  const erase = async (service: Service, pseudonym: string) =>
    ask(service, await tokenOf('adam', 'tenant-admin'), `/ledger/subjects/${pseudonym}/erase`, { reason: 'asked for' })
  /** Of a pseudonym: the file of its key, and the key as it stands there; null when it was destroyed. */
  const keyPath = (pseudonym: string) => join(keysDir, 'subjects/by-pseudonym', pseudonym.slice(2, 4), pseudonym)
  const keyOf = async (pseudonym: string): Promise<string | null> =>
    JSON.parse(await readFile(keyPath(pseudonym), 'utf8')).key
  return { dir, keysDir, replica, ledgerline, callOf, veraCalls, tokenOf, ask, erase, keyPath, keyOf }
}

/** Files below a directory that hold one of the texts or byte sequences. */
export const filesWith = async (dir: string, sought: readonly (string | Buffer)[]): Promise<string[]> => {
  const found: string[] = []
  for (const name of await readdir(dir, { recursive: true })) {
    const path = join(dir, name)
    if (!(await stat(path)).isFile()) continue
    const bytes = await readFile(path)
    if (sought.some((each) => bytes.includes(each))) found.push(name)
  }
  return found
}
