import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { logKeys } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import { systemTenant } from '../app/counted-calls.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { CheckpointSigner, LogName } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import type { TenantId } from '../domain/ids.ts'
import type { LogKey } from '../domain/ledger/keys.ts'
import { checkpointText } from '../evidence/checkpoint.ts'
import { originOf } from '../evidence/leaf.ts'
import { type NoteSigner, noteSigner, signNote, vkeyOf } from '../evidence/note.ts'
import { createOnce } from '../host/secrets.ts'

type Commands = Pick<CommandHandler, 'handle' | 'load'>

const refreshEveryMs = 2_000
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const firstFile = 'log.key'
const fileOf = (id: string): string => `log-${id}.key`
/** The id of the ledger's stream of keys. */
export const keysStream = 'keys'

/** What the ledger tells of a private key, which is 32 bytes. */
const publicOf = (seed: Buffer): LogKey => {
  const key = createPrivateKey({ key: Buffer.concat([privateKeyPrefix, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { id: createHash('sha256').update(raw).digest('hex').slice(0, 16), publicKey: raw.toString('base64') }
}

const newSeed = (): string => randomBytes(32).toString('base64')

const add = (commands: Commands, key: LogKey, first: boolean) =>
  commands.handle(
    logKeys,
    keysStream,
    { type: 'AddLogKey', ...key, first },
    systemContext(systemTenant, 'log-keys', Date.now()),
  )

/** Makes a new key, which signs from now on. Its file is there before the ledger tells of it. */
export const rotateLogKey = async (keysDir: string, commands: Commands): Promise<LogKey> => {
  const seed = newSeed()
  const key = publicOf(Buffer.from(seed, 'base64'))
  await createOnce(join(keysDir, fileOf(key.id)), () => seed)
  await add(commands, key, false)
  return key
}

/** The keys of the logs: which there are, the ledger knows; the private ones lie in KEYS_DIR. */
export class LogKeys implements CheckpointSigner {
  private readonly keysDir: string
  private readonly commands: Commands
  private readonly ledgerName: string
  private readonly log: Log
  private seed: Buffer | null = null
  private signers = new Map<string, NoteSigner>()
  private newest = ''
  private added: readonly LogKey[] = []
  private refreshedMs = Number.NEGATIVE_INFINITY

  private constructor(keysDir: string, commands: Commands, ledgerName: string, log: Log) {
    this.keysDir = keysDir
    this.commands = commands
    this.ledgerName = ledgerName
    this.log = log
  }

  /** At the first start of a ledger, its first key is made and recorded. */
  static async open(keysDir: string, commands: Commands, ledgerName: string, log: Log): Promise<LogKeys> {
    const first = publicOf(Buffer.from(await createOnce(join(keysDir, firstFile), newSeed), 'base64'))
    await add(commands, first, true)
    const keys = new LogKeys(keysDir, commands, ledgerName, log)
    await keys.refresh()
    return keys
  }

  async refresh(): Promise<void> {
    if (performance.now() - this.refreshedMs < refreshEveryMs) return
    const { state: keys } = await this.commands.load(logKeys, systemTenant, keysStream)
    this.refreshedMs = performance.now()
    this.added = keys
    const newest = keys.at(-1)?.id ?? ''
    if (this.seed && newest === this.newest) return
    const found = await this.findSeed(keys)
    if (found?.id !== newest && this.newest !== newest) {
      const fields = { key: newest, keysDir: this.keysDir, instead: found?.id ?? null }
      this.log.error(
        'KEYS_DIR lacks the newest key of the logs: copy it there, or add one by ledgerline keys --rotate',
        fields,
      )
    }
    this.newest = newest
    this.seed = found?.seed ?? null
    this.signers = new Map()
  }

  /** One key signs all logs; its name is the log's, so each has a verifier key of its own. Throws when there is none. */
  signerOf(tenant: TenantId, log: LogName): NoteSigner {
    const origin = originOf(this.ledgerName, tenant, log)
    const known = this.signers.get(origin)
    if (known) return known
    if (!this.seed) throw new Error('KEYS_DIR has none of the keys of the logs')
    const signer = noteSigner(origin, this.seed)
    this.signers.set(origin, signer)
    return signer
  }

  /** The verifier keys of a log, newest first. */
  vkeysOf(tenant: TenantId, log: LogName): string[] {
    const origin = originOf(this.ledgerName, tenant, log)
    return this.added.toReversed().map(({ publicKey }) => vkeyOf(origin, Buffer.from(publicKey, 'base64')))
  }

  sign(tenant: TenantId, log: LogName, size: number, root: string): string {
    const signer = this.signerOf(tenant, log)
    return signNote(checkpointText({ origin: signer.name, size, root: Buffer.from(root, 'hex') }), signer)
  }

  /** The newest that lies in KEYS_DIR. */
  private async findSeed(keys: readonly LogKey[]): Promise<{ id: string; seed: Buffer } | null> {
    for (const { id } of keys.toReversed()) {
      for (const file of [fileOf(id), firstFile]) {
        const text = await readFile(join(this.keysDir, file), 'utf8').catch(() => null)
        const seed = Buffer.from(text ?? '', 'base64')
        if (seed.length === 32 && publicOf(seed).id === id) return { id, seed }
      }
    }
    return null
  }
}
