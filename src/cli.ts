#!/usr/bin/env node
import { ConfigError, loadConfig } from './config.ts'
import { demo } from './demo/demo.ts'
import { runNode } from './embedded/main.ts'
import { StartError } from './host/data-dir.ts'
import { NodeFailure } from './host/node-process.ts'
import { serve } from './main.ts'

const usage = `ledgerline <command>

  serve                       the API, the embedded ledger and a local worker
  demo                        a tour on an empty directory, with real data
  node --port P --dir D       the embedded ledger alone
  node --check --dir D        scans a ledger for damage
`

const runServe = async (): Promise<void> => {
  const running = await serve(loadConfig())
  process.stdout.write(`ledgerline ready ${running.url}\n`)
  const stop = () => {
    running.stop().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** What the operator can mend is one plain sentence; the rest is a defect and shows where it is. */
const fail = (error: unknown): never => {
  const isPlain = error instanceof StartError || error instanceof NodeFailure || error instanceof ConfigError
  const text = error instanceof Error ? (isPlain ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

const [command, ...args] = process.argv.slice(2)
if (command === 'serve') runServe().catch(fail)
else if (command === 'demo') demo(loadConfig(), serve).then(() => process.exit(0), fail)
else if (command === 'node') runNode(args).catch(fail)
else {
  process.stderr.write(usage)
  process.exit(command === undefined || command === 'help' ? 0 : 2)
}
