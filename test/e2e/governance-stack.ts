import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pause, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
export const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'dist/src/cli.js')

/** The governance document's example, as the README has it. */
const example = join(root, 'examples/governance')

/** Who registers what the pipeline's sink is promised to be. */
const registrar = 'registrar'
/** A service that asks for tokens, and people with roles in the tenant `default`. */
export const openGovernance = async (
  people: Record<string, string>,
  prepare: (dataDir: string) => Promise<Record<string, string>>,
) => {
  const dataDir = await temporaryDir('governance')
  await mkdir(join(dataDir, 'tenants/default'), { recursive: true })
  const over = await prepare(dataDir)
  const pipelines = join(example, 'pipelines')
  const env = { DATA_DIR: dataDir, AUTH: 'required', LOG_LEVEL: 'warn', PIPELINES_DIR: pipelines, ...over }
  const service = await startService(env)
  const tokens = new Map<string, string>()
  for (const [sub, roles] of Object.entries({ ...people, [registrar]: 'developer' })) {
    const args = [cli, 'token', '--sub', sub, '--tenant', 'default', '--roles', roles]
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })
    tokens.set(sub, stdout.trim())
  }

  const request = (who: string, path: string, init: RequestInit = {}) =>
    fetch(service.url + path, { ...init, headers: { authorization: `Bearer ${tokens.get(who)}`, ...init.headers } })

  /** With a body it is a POST, unless another method is said. */
  const ask = async (who: string, path: string, body?: object, method = body ? 'POST' : 'GET', headers = {}) => {
    const json = body
      ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
      : { headers }
    const response = await request(who, path, { method, ...json })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }

  const revenue = JSON.parse(await readFile(join(example, 'revenue-v3.2.json'), 'utf8'))
  const registered = await ask(registrar, '/pipelines/contracts', revenue)
  if (registered.status !== 201) throw new Error(JSON.stringify(registered.body))

  /** Asks again until the answer is as it is wanted. */
  const until = async (who: string, path: string, isWanted: (body: Record<string, unknown>) => boolean) => {
    for (let tries = 0; tries < 4_000; tries += 1) {
      const { body } = await ask(who, path)
      if (isWanted(body)) return body
      await pause(25)
    }
    throw new Error(`${path} never became what was waited for`)
  }
  return { service, dataDir, request, ask, until }
}
