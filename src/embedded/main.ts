import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type NodeOptions, parseNodeArgs } from './args.ts'
import { requireFreePort } from './port.ts'
import { host, serve } from './server.ts'
import { checkAll } from './store/check-all.ts'
import { openStore } from './store/store.ts'

export { backup } from './store/backup.ts'
export { checkAll } from './store/check-all.ts'

/**
 * `ledgerline node`: serves until SIGTERM, or checks. What keeps it from starting is one sentence on standard error
 * and exit code 1.
 */
export const runNode = async (args: string[]): Promise<void> => {
  try {
    const options = parseNodeArgs(args, process.env)
    if (options.check) printCheck(options.directory)
    else await start(options)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    // Without closing the ledger: SQLite would fold its log into a file that we may just have found damaged.
    process.exit(1)
  }
}

const start = async (options: NodeOptions): Promise<void> => {
  await requireFreePort(host, options.port)
  const store = await openStore(options.directory, (message) => console.error(message))
  const server = await serve(store, options.port, options.maxAppendSize)
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    store.writer.close()
    await server.close()
    store.close()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
  if (options.exitWithStdin) {
    process.stdin.once('end', () => void stop())
    process.stdin.once('close', () => void stop())
    process.stdin.once('error', () => void stop())
    process.stdin.resume()
  }
  console.log(`ledgerline node ready esdb://${host}:${server.port}?tls=false`)
}

const printCheck = (directory: string): never => {
  const { records, problems, damaged } = checkAll(directory)
  console.log(`Scanned ${records} records in ${directory}.`)
  for (const problem of problems) console.log(problem)
  for (const position of damaged) console.log(`The record at position ${position} is damaged.`)
  process.exit(problems.length + damaged.length === 0 ? 0 : 1)
}

const entry = process.argv[1]
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) void runNode(process.argv.slice(2))
