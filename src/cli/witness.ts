import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DirectoryInUse, lockDirectory } from '../embedded/store/lock.ts'
import { cosigner, parseVerifierKey, type VerifierKey } from '../evidence/note.ts'
import { StartError } from '../host/data-dir.ts'
import { createOnce } from '../host/secrets.ts'
import { witnessServer } from '../witness/server.ts'
import { CheckpointStore } from '../witness/store.ts'
import { Witness } from '../witness/witness.ts'

const host = '127.0.0.1'
const fetchTimeoutMs = 10_000

/** A witness on its own: `--log` names whom it knows, by key or by where the key is. Throws StartError. */
export const startWitness = async (args: string[]): Promise<{ url: string; vkey: string; stop(): Promise<void> }> => {
  const { logs, port, dir, name, listen } = optionsOf(args)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const lock = await lockDirectory(dir).catch((error: unknown) => {
    throw error instanceof DirectoryInUse ? new StartError(`${dir} is in use by another witness`) : error
  })
  try {
    const signer = await signerIn(dir, name)
    const keys = (await Promise.all(logs.map((log) => keysOf(log, dir)))).flat()
    const witness = new Witness({ logs: keys, signer, store: new CheckpointStore(join(dir, 'checkpoints')) })
    const server = witnessServer(witness, (error) => process.stderr.write(`${String(error)}\n`))
    await new Promise<void>((resolveListening, reject) => {
      server.once('error', reject)
      server.listen(port, listen, resolveListening)
    })
    const address = server.address()
    const bound = typeof address === 'object' && address ? address.port : port
    const stop = async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      lock.release()
    }
    return { url: `http://${listen}:${bound}`, vkey: signer.vkey, stop }
  } catch (error) {
    lock.release()
    throw error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      ? new StartError(`--port: ${port} is in use`)
      : error
  }
}

const optionsOf = (args: string[]) => {
  const text = { type: 'string' } as const
  const options = { log: { ...text, multiple: true }, port: text, dir: text, name: text, host: text } as const
  try {
    const { log = [], port, dir, name, host: listen = host } = parseArgs({ args, options }).values
    if (log.length === 0) throw new Error('--log: a witness needs to be told of which logs: a verifier key, or a URL')
    if (port === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65_535)
      throw new Error('--port: must be a port')
    if (!dir) throw new Error('--dir: a witness needs a directory of its own')
    return { logs: log, port: Number(port), dir: resolve(dir), name, listen }
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

/** The witness's own key, made once: its name and 32 bytes in base64. */
const signerIn = async (dir: string, given: string | undefined) => {
  const text = await createOnce(join(dir, 'witness.key'), () => {
    const seed = randomBytes(32)
    const digest = createHash('sha256').update(seed).digest('hex')
    return `${given ?? `witness-${digest.slice(0, 12)}`} ${seed.toString('base64')}\n`
  })
  const [name = '', seed = ''] = text.trim().split(' ')
  if (given !== undefined && given !== name) throw new StartError(`--name: this witness is called '${name}' for ever`)
  return cosigner(name, Buffer.from(seed, 'base64'), () => Math.floor(Date.now() / 1_000))
}

/** A key itself; or those that a URL answers, which are kept from the first time on. */
const keysOf = async (log: string, dir: string): Promise<VerifierKey[]> => {
  if (!/^https?:\/\//.test(log)) return keysIn(log, log)
  const path = join(dir, `log-${createHash('sha256').update(log).digest('hex').slice(0, 16)}`)
  const known = await readFile(path, 'utf8').catch(() => null)
  if (known !== null) return keysIn(known, log)
  const text = await answerOf(`${log.replace(/\/$/, '')}/key`, log)
  // What is no key is not kept.
  keysIn(text, log)
  return keysIn(await createOnce(path, () => text), log)
}

/** One per line. Throws StartError, which says what `--log` was. */
const keysIn = (text: string, log: string): VerifierKey[] => {
  try {
    const keys = text
      .split('\n')
      .filter((line) => line !== '')
      .map(parseVerifierKey)
    const other = keys.find(({ type }) => type !== 'ed25519')
    if (other) throw new Error(`the key of ${other.name} is that of a witness`)
    if (keys.length === 0) throw new Error('there is no key')
    return keys
  } catch (error) {
    throw new StartError(`--log ${log}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const answerOf = async (keyUrl: string, log: string): Promise<string> => {
  const response = await fetch(keyUrl, { signal: AbortSignal.timeout(fetchTimeoutMs) }).catch((error: unknown) => {
    throw new StartError(`--log ${log}: ${keyUrl} does not answer (${String(error)})`)
  })
  if (!response.ok) throw new StartError(`--log ${log}: ${keyUrl} answers ${response.status}`)
  return response.text()
}
