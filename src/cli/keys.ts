import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ledgerNames } from '../app/aggregates.ts'
import { systemTenant } from '../app/counted-calls.ts'
import type { LogName } from '../app/ports/evidence.ts'
import { withLedger } from '../compose/ledger-access.ts'
import { keysStream, rotateLogKey } from '../compose/log-keys.ts'
import type { Config } from '../config.ts'
import { must, parseTenantId, streamName } from '../domain/ids.ts'
import { originOf } from '../evidence/leaf.ts'
import { LogReader } from '../evidence/log/reader.ts'
import { vkeyOf } from '../evidence/note.ts'
import { StartError } from '../host/data-dir.ts'
import { openKeysDir } from '../host/secrets.ts'
import type { EventStoreLedger } from '../ledger/eventstore.ts'

interface ListedKey {
  tenant: string
  log: LogName
  since: string
  vkey: string
}

/** What `ledgerline keys` prints: each log's verifier keys, newest first. Throws StartError. */
export const keysCommand = (config: Config, args: string[]): Promise<string> => {
  const { rotate, json } = optionsOf(args)
  return withLedger(config, async ({ ledger, commands }) => {
    const { state: name } = await commands.load(ledgerNames, systemTenant, 'name')
    if (name === null) throw new StartError('this ledger has no name and no key yet: start the service once')
    if (rotate) {
      await openKeysDir(config.keysDir)
      await rotateLogKey(config.keysDir, commands)
    }
    const keys = await listed(ledger, name, logsOf(config.dataDir))
    return json ? `${JSON.stringify(keys, null, 2)}\n` : table(keys)
  })
}

const optionsOf = (args: string[]) => {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({ args, options: { rotate: flag, json: flag } }).values
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

/** The logs that have leaves. */
const logsOf = (dataDir: string) => {
  const path = join(dataDir, 'evidence.db')
  if (!existsSync(path)) return []
  const reader = new LogReader(path)
  try {
    return reader.heads()
  } finally {
    reader.close()
  }
}

const listed = async (
  ledger: EventStoreLedger,
  name: string,
  logs: readonly { tenant: string; log: LogName }[],
): Promise<ListedKey[]> => {
  const added = (await ledger.read(streamName('ledger', systemTenant, keysStream), 0n)).toReversed()
  return logs.flatMap(({ tenant, log }) => {
    const origin = originOf(name, must(parseTenantId(tenant), 'tenant'), log)
    return added.flatMap(({ event, recordedAt }) =>
      event?.type === 'LogKeyAdded'
        ? [{ tenant, log, since: recordedAt, vkey: vkeyOf(origin, Buffer.from(event.data.publicKey, 'base64')) }]
        : [],
    )
  })
}

const table = (keys: readonly ListedKey[]): string => {
  if (keys.length === 0) return 'no log has leaves yet\n'
  const rows = [
    ['TENANT', 'LOG', 'SINCE', 'VKEY'],
    ...keys.map(({ tenant, log, since, vkey }) => [tenant, log, since, vkey]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`).join('')
}
