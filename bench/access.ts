import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Load, line, load, type Measured, root, type Started, start } from './processes.ts'

const seconds = Number(process.env.BENCH_SECONDS ?? 5)
const rounds = 5
const connections = 64

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** What tokens, policies, limits and records cost: the service beside the same service without them, in turns. */
export const run = async (): Promise<void> => {
  const dirs = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'ledgerline-bench-'))))
  const [dir = '', bareDir = ''] = dirs
  const env = { PORT: '0', WORKER: 'none', LOG_LEVEL: 'warn', PIPELINES_DIR: join(root, 'bench/pipelines') }
  const limits = { RATE_LIMIT_HOUR: '1000000000', RATE_LIMIT_BURST: '1000000' }
  const guarded = { ...env, ...limits, DATA_DIR: dir, AUTH: 'required' }
  const service = await start('src/cli.js', ['serve'], /^ledgerline ready (\S+)$/m, guarded)
  const bare = await start('bench/unguarded.js', [], /^unguarded ready (\S+)$/m, { ...env, DATA_DIR: bareDir })
  const token = execFileSync(
    process.execPath,
    [`${root}/dist/src/cli.js`, 'token', '--sub', 'bench', '--tenant', 'default', '--roles', 'operator'],
    { env: { ...process.env, DATA_DIR: dir }, encoding: 'utf8' },
  ).trim()
  try {
    const command = { path: '/api/pipeline/trigger/bench-plain', body: { batch_id: 'p[<id>]' } }
    const id = await firstRun(service, token, command)
    const bareId = await firstRun(bare, token, command)
    await compare('command of one append', service, bare, token, command)
    const status = (run: string) => ({ path: `/api/pipeline/status/${run}` })
    await compare('status by id', service, bare, token, status(id), status(bareId))
  } finally {
    await Promise.all([service.stop(), bare.stop()])
    for (const each of dirs) await rm(each, { recursive: true, force: true })
  }
}

interface Asked {
  path: string
  body?: object
}

const firstRun = async ({ url }: Started, token: string, { path, body }: Asked): Promise<string> => {
  await load({
    url: url + path,
    connections: 16,
    seconds: 2,
    headers: { Authorization: `Bearer ${token}` },
    ...bodyOf(body),
  })
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const answer = await fetch(url + path, { method: 'POST', headers, body: '{"batch_id":"first"}' })
  return ((await answer.json()) as { run_id: string }).run_id
}

const bodyOf = (body: object | undefined): Pick<Load, 'body'> => (body ? { body } : {})

const compare = async (
  what: string,
  service: Started,
  bare: Started,
  token: string,
  asked: Asked,
  askedBare: Asked = asked,
): Promise<void> => {
  const headers = { Authorization: `Bearer ${token}` }
  const ask = ({ url }: Started, { path, body }: Asked): Promise<Measured> =>
    load({ url: url + path, connections, seconds, headers, ...bodyOf(body) })
  const ratios: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    // Who goes second finds a warmer machine and a longer ledger: they take turns.
    const first = round % 2 === 0 ? await ask(bare, askedBare) : await ask(service, asked)
    const second = round % 2 === 0 ? await ask(service, asked) : await ask(bare, askedBare)
    const [without, measured] = round % 2 === 0 ? [first, second] : [second, first]
    const ratio = measured.perSecond / without.perSecond
    ratios.push(ratio)
    say(line(`${what}, unguarded`, without))
    say(line(`${what}, guarded and recorded`, measured))
    say(`  ${ratio.toFixed(2)} of the unguarded service`)
  }
  ratios.sort((a, b) => a - b)
  say(`${what}: ${ratios[Math.floor(rounds / 2)]?.toFixed(2)} of the unguarded service, the median of ${rounds} rounds`)
}
