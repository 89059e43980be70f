import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ConnectionOptions, connect, type NatsConnection } from 'nats'
import { onTestFinished } from 'vitest'
import { findNatsServer } from '../../src/bus/spawn-server.ts'
import { newStorage } from './nats-server.ts'
import { until } from './waiting.ts'

const passwords = { LEDGERLINE_PASSWORD: 'of-the-ledger', T1_PASSWORD: 'of-tenant-one' }
const section = /^## Over NATS$(.*)/ms
const block = /^```\n(accounts: .*?)^```$/ms

/** What the documentation tells operators to write; so that what is told is what is tested. */
export const documentedAccounts = (): string => {
  const doc = readFileSync(fileURLToPath(new URL('../../docs/event-streams.md', import.meta.url)), 'utf8')
  const found = block.exec(section.exec(doc)?.[1] ?? '')?.[1]
  if (!found) throw new Error('docs/event-streams.md shows no accounts')
  return found
}

/** A server with the accounts; returns how to connect to it as the ledger or as the tenant. */
export const startWithAccounts = async (accounts: string) => {
  const dir = newStorage()
  const config = join(dir, 'server.conf')
  writeFileSync(config, accounts)
  const args = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', dir, '-c', config, '-js', '-sd', dir]
  const child = spawn(findNatsServer(process.env.PATH ?? '') ?? '', args, {
    stdio: 'ignore',
    env: { ...process.env, ...passwords },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ports = join(dir, `nats-server_${child.pid}.ports`)
  let servers = ''
  await until(() => {
    try {
      servers = /"(nats:\/\/[^"]+)"/.exec(readFileSync(ports, 'utf8'))?.[1] ?? ''
    } catch {}
    return servers !== ''
  })
  const as = async (options: ConnectionOptions): Promise<NatsConnection> => {
    const connection = await connect({ servers, ...options })
    onTestFinished(() => connection.close())
    return connection
  }
  return {
    url: servers.replace('nats://', `nats://ledgerline:${passwords.LEDGERLINE_PASSWORD}@`),
    asLedger: () => as({ user: 'ledgerline', pass: passwords.LEDGERLINE_PASSWORD }),
    asTenant: () => as({ user: 't1', pass: passwords.T1_PASSWORD }),
  }
}
