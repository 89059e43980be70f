import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDataDir } from './data-dir.ts'

/**
 * What a file holds; where there is none, it is created once, readable by its owner only. It appears whole or not at
 * all, outlasts a power cut, and of two that create it one wins.
 */
export const createOnce = async (path: string, make: () => string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(make())
    await file.sync()
    await link(temporary, path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await file.close()
    await unlink(temporary)
  }
  await syncEntries(dirname(path))
  return readFile(path, 'utf8')
}

const syncEntries = async (dir: string): Promise<void> => {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** A name for this data directory, without a dot; it tells the lives of one worker from another worker's. */
export const instanceId = (dataDir: string): Promise<string> => createOnce(join(dataDir, 'instance'), randomUUID)

const ownerOnly = 0o700

/** Creates the directory of keys if need be, for its owner only. Throws StartError where it cannot be written. */
export const openKeysDir = async (dir: string): Promise<void> => {
  await mkdir(dir, { recursive: true, mode: ownerOnly }).catch(() => undefined)
  await openDataDir(dir)
}

/** 32 bytes that hide ledger positions from those who carry them; the same for all that share the directory. */
export const positionKey = async (keysDir: string): Promise<Buffer> => {
  const text = await createOnce(join(keysDir, 'position.key'), () => randomBytes(32).toString('base64'))
  return Buffer.from(text, 'base64')
}

/** A private Ed25519 key as a JWK in JSON: it signs the development tokens of all that share the directory. */
export const devKey = (keysDir: string): Promise<string> =>
  createOnce(join(keysDir, 'dev.jwk'), () =>
    JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
  )
