#!/usr/bin/env node
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { KeyError, UsageError } from './auth/error.ts'
import { PolicyError } from './auth/policy/files.ts'
import { BusUnavailable } from './bus/error.ts'
import { NatsServerFailure } from './bus/spawn-server.ts'
import { endOnSignals } from './cli/end-on-signals.ts'
import { ConfigError } from './config/error.ts'
import type { Config } from './config.ts'
import { StartError } from './host/data-dir.ts'
import { NodeFailure } from './host/node-process.ts'

const usage = `ledgerline <command>

  serve                       the API, the embedded ledger and a local worker
  worker --concurrency N [--health-port P]
                              a worker alone; it needs EVENTSTORE_URL and NATS_URL
  workers [--json]            the workers on NATS_URL that answer, and what they have done
  demo                        a tour on an empty directory, with real data
  node --port P --dir D       the embedded ledger alone
  node --check --dir D        scans a ledger for damage
  backup --to FILE [--dir D]  a compact copy of the ledger in D (default DATA_DIR/ledger), also while it is running
  erase --subject PSEUDONYM --reason TEXT [--ticket ID] [--url URL] [--token TOKEN | --tenant T]
                              erases a person for good, through a service that is running; prints the certificate
  rebuild --bus --from POSITION
                              publishes the events from there on again; it needs EVENTSTORE_URL and NATS_URL
  verify FILE [--key VKEY]... [--policy FILE]
                              checks a bundle or a chain of evidence, without a service: 0 verified, 1 not, 2 no key, 3 not checked
  validate FILE... [--json | --sarif] [--url URL [--token TOKEN]]
                              checks manifests: 0 valid, 1 not, 2 not checked; contracts too, where a service is named
  keys [--json] [--rotate]    the verifier keys of all logs; with --rotate, after a new key was made
  witness --log VKEY|URL --port P --dir D [--name NAME] [--host H]
                              cosigns the checkpoints of logs that extend what it cosigned before
  token --sub NAME --tenant T --roles ROLE,ROLE [--plan PLAN] [--name NAME] [--expires-in SECONDS]
                              a JWT of this data directory's development key
`

/** Commands load what they need themselves: a token takes no database, and a node no API. */
const readConfig = async (flags: NodeJS.ProcessEnv = {}): Promise<Config> => {
  const { loadConfig } = await import('./config.ts')
  return loadConfig(undefined, flags)
}

const startServing = async () => {
  const config = await readConfig()
  const { serve } = await import('./main.ts')
  return serve(config)
}

const runServe = async (args: string[]): Promise<void> => {
  withoutArguments('serve', args)
  const starting = startServing()
  endOnSignals(
    starting.then(({ stop }) => stop),
    fail,
  )
  process.stdout.write(`ledgerline ready ${(await starting).url}\n`)
}

const runWorker = async (args: string[]): Promise<void> => {
  const { concurrency, engine, healthPort } = workerOptions(args)
  if (engine !== 'local') throw new StartError(`there is no engine '${engine}'; there is local`)
  const flags = concurrency === undefined ? {} : { WORKER_CONCURRENCY: concurrency }
  const startWorking = async () => {
    const config = await readConfig(flags)
    const { work } = await import('./worker.ts')
    return work(config, healthPort)
  }
  const starting = startWorking()
  endOnSignals(starting, fail)
  await starting
  process.stdout.write('ledgerline worker ready\n')
}

const workerOptions = (args: string[]) => {
  const options = {
    concurrency: { type: 'string' },
    engine: { type: 'string', default: 'local' },
    'health-port': { type: 'string' },
  } as const
  try {
    const { concurrency, engine, 'health-port': port } = parseArgs({ args, options }).values
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
      throw new Error('--health-port: must be a port, from 1 to 65535')
    }
    return { concurrency, engine, healthPort: port === undefined ? null : Number(port) }
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

const runWorkers = async (args: string[]): Promise<void> => {
  const { listWorkers } = await import('./cli/list-workers.ts')
  process.stdout.write(await listWorkers(await readConfig(), args))
}

const runDemo = async (args: string[]): Promise<void> => {
  withoutArguments('demo', args)
  const { demo } = await import('./demo/demo.ts')
  const { serve } = await import('./main.ts')
  await demo(await readConfig(), serve)
  process.exit(0)
}

const runBackup = async (args: string[]): Promise<void> => {
  const { to, dir } = backupOptions(args)
  const file = resolve(to)
  const { backup } = await import('./embedded/store/backup.ts')
  try {
    backup(dir ? resolve(dir) : join((await readConfig()).dataDir, 'ledger'), file)
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
  process.stdout.write(`ledgerline backup written to ${file}\n`)
}

const runVerify = async (args: string[]): Promise<void> => {
  const verifier = await import('./evidence/verifier/main.ts')
  const { exitCode, output } = verifier.main(args)
  process.stdout.write(`${output}\n`)
  process.exitCode = exitCode
}

const runWitness = async (args: string[]): Promise<void> => {
  const { startWitness } = await import('./cli/witness.ts')
  const { url, vkey, stop } = await startWitness(args)
  endOnSignals(Promise.resolve(stop), fail)
  process.stdout.write(`ledgerline witness ready ${url} ${vkey}\n`)
}

const withoutArguments = (command: string, [first]: string[]): void => {
  if (first === undefined) return
  throw new StartError(`${command} takes no arguments, but variables (docs/operating.md): '${first}'`)
}

/** What a command comes to is printed. */
const print = async (command: Promise<(config: Config, args: string[]) => Promise<string>>, args: string[]) =>
  void process.stdout.write(await (await command)(await readConfig(), args))

const runRebuild = async (args: string[]): Promise<void> => {
  const { rebuildBus, rebuildFrom } = await import('./cli/rebuild.ts')
  const published = await rebuildBus(await readConfig(), rebuildFrom(args))
  process.stdout.write(`ledgerline published ${published} events again\n`)
  process.exit(0)
}

const backupOptions = (args: string[]): { to: string; dir: string | undefined } => {
  try {
    const { to, dir } = parseArgs({ args, options: { to: { type: 'string' }, dir: { type: 'string' } } }).values
    if (!to) throw new Error('a backup needs a file: --to FILE')
    return { to, dir }
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

const runToken = async (args: string[]): Promise<void> => {
  const { keysDir } = await readConfig()
  const { issueToken } = await import('./auth/issue.ts')
  const { devKey, openKeysDir } = await import('./host/secrets.ts')
  const key = async () => {
    await openKeysDir(keysDir)
    return devKey(keysDir)
  }
  process.stdout.write(`${await issueToken(args, key, Date.now())}\n`)
}

/** What the operator can mend is one plain sentence; the rest is a defect and shows where it is. */
const fail = (error: unknown): never => {
  const isPlain = plainErrors.some((plain) => error instanceof plain)
  const text = error instanceof Error ? (isPlain ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

const plainErrors = [
  StartError,
  NodeFailure,
  ConfigError,
  UsageError,
  KeyError,
  PolicyError,
  NatsServerFailure,
  BusUnavailable,
]

const commands: Record<string, (args: string[]) => Promise<void>> = {
  serve: runServe,
  worker: runWorker,
  workers: runWorkers,
  demo: runDemo,
  node: async (args) => (await import('./embedded/main.ts')).runNode(args),
  backup: runBackup,
  erase: (args) =>
    print(
      import('./cli/erase.ts').then(({ eraseSubject }) => eraseSubject),
      args,
    ),
  verify: runVerify,
  validate: async (args) => (await import('./cli/validate.ts')).runValidate(args),
  keys: (args) =>
    print(
      import('./cli/keys.ts').then(({ keysCommand }) => keysCommand),
      args,
    ),
  witness: runWitness,
  rebuild: runRebuild,
  token: runToken,
}

const [name = 'help', ...args] = process.argv.slice(2)
const command = commands[name]
if (command) command(args).catch(fail)
else {
  process.stderr.write(usage)
  process.exit(name === 'help' ? 0 : 2)
}
