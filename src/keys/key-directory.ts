import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Subject } from '../app/ports/subject-keys.ts'
import { isPseudonym } from '../domain/sealed.ts'
import { drawPseudonym } from './pseudonyms.ts'
import { WholeFiles } from './whole-files.ts'

/** A file of the key store does not hold what it must. The message names the file, and nobody. */
export class DamagedKeyFile extends Error {}

/** A subject's key as it is kept; `key` is null once the subject was erased. */
export interface KeyFile {
  key: Buffer | null
  /** HMAC of the subject; null once its erasure is done. */
  subject: string | null
  /** Changes when the file does. */
  stamp: string
}

const storeKeyPath = 'store.key'
const keyBytes = 32
const hmacPattern = /^[0-9a-f]{64}$/

/**
 * The key store's directory: `by-subject/<2 hex>/<hmac>` holds a pseudonym, `by-pseudonym/<2 characters>/<pseudonym>` a
 * key. A key is durable before a subject is bound to it, so a bound subject always has one; names are HMACs under
 * `store.key`, so that the directory names nobody. Lose that file and every subject becomes a new one.
 */
export class KeyDirectory {
  readonly #files: WholeFiles
  readonly #storeKey: Buffer

  private constructor(files: WholeFiles, storeKey: Buffer) {
    this.#files = files
    this.#storeKey = storeKey
  }

  static async open(dir: string): Promise<KeyDirectory> {
    const files = await WholeFiles.open(dir)
    if ((await files.read(storeKeyPath)) === undefined) {
      await files.create(storeKeyPath, randomBytes(keyBytes).toString('base64'))
    }
    const storeKey = parseKey((await files.read(storeKeyPath))?.text)
    if (storeKey === undefined) throw damaged(dir, storeKeyPath, 'it holds no key')
    return new KeyDirectory(files, storeKey)
  }

  hmacOf({ issuer, subject }: Subject): string {
    const hmac = createHmac('sha256', this.#storeKey)
    for (const part of [issuer, subject]) {
      // UTF-16: in UTF-8 all lone surrogates would be one character, and two subjects one.
      const bytes = Buffer.from(part, 'utf16le')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      hmac.update(length).update(bytes)
    }
    return hmac.digest('hex')
  }

  /** The pseudonym that a subject is bound to, durably. */
  async boundTo(hmac: string): Promise<string | undefined> {
    const path = subjectPath(hmac)
    const pseudonym = (await this.#files.read(path))?.text
    if (pseudonym === undefined) return undefined
    if (!isPseudonym(pseudonym)) throw damaged(this.#files.dir, path, 'it holds no pseudonym')
    await this.#files.syncFolderOf(path)
    return pseudonym
  }

  /** Undefined when there is none of this pseudonym. */
  async keyFile(pseudonym: string): Promise<KeyFile | undefined> {
    if (!isPseudonym(pseudonym)) return undefined
    const found = await this.#files.read(keyPath(pseudonym))
    if (found === undefined) return undefined
    const parsed = parseKeyFile(found.text)
    if (parsed === undefined) throw this.damagedKey(pseudonym, 'it holds neither a key nor its erasure')
    return { ...parsed, stamp: found.stamp }
  }

  /** Of a pseudonym that has a key file. */
  keyStamp(pseudonym: string): Promise<string | undefined> {
    return this.#files.stampOf(keyPath(pseudonym))
  }

  damagedKey(pseudonym: string, reason: string): DamagedKeyFile {
    return damaged(this.#files.dir, keyPath(pseudonym), reason)
  }

  /** Draws a pseudonym and a key for a subject; of two that do so at once, one wins and the other's key is removed. */
  async draw(hmac: string): Promise<void> {
    const pseudonym = drawPseudonym()
    const key = randomBytes(keyBytes).toString('base64')
    await this.#files.put(keyPath(pseudonym), JSON.stringify({ version: 1, key, subject: hmac }))
    if (await this.#files.create(subjectPath(hmac), pseudonym)) return
    await this.#files.remove(keyPath(pseudonym))
  }

  /**
   * Destroys the key at once; then unbinds the subject, which is named until that is done, so that an erasure that was
   * broken off can be ended.
   */
  async erase(pseudonym: string, hmac: string): Promise<void> {
    await this.#files.put(keyPath(pseudonym), JSON.stringify({ version: 1, key: null, subject: hmac }))
    await this.#files.removeIf(subjectPath(hmac), pseudonym)
    await this.#files.put(keyPath(pseudonym), JSON.stringify({ version: 1, key: null }))
  }

  /** Ends the erasure of a pseudonym that a subject is still bound to. */
  unbind(hmac: string, pseudonym: string): Promise<void> {
    return this.#files.removeIf(subjectPath(hmac), pseudonym)
  }
}

const subjectPath = (hmac: string): string => join('by-subject', hmac.slice(0, 2), hmac)
const keyPath = (pseudonym: string): string => join('by-pseudonym', pseudonym.slice(2, 4), pseudonym)

const damaged = (dir: string, path: string, reason: string): DamagedKeyFile =>
  new DamagedKeyFile(`the key store's file ${join(dir, path)} is damaged: ${reason}`)

const parseKey = (text: unknown): Buffer | undefined => {
  if (typeof text !== 'string') return undefined
  const key = Buffer.from(text, 'base64')
  return key.length === keyBytes && key.toString('base64') === text ? key : undefined
}

const parseKeyFile = (text: string): Pick<KeyFile, 'key' | 'subject'> | undefined => {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  if (!('version' in value) || value.version !== 1 || !('key' in value)) return undefined
  const subject = 'subject' in value ? value.subject : null
  if (subject !== null && (typeof subject !== 'string' || !hmacPattern.test(subject))) return undefined
  if (value.key === null) return { key: null, subject }
  const key = parseKey(value.key)
  return key === undefined || subject === null ? undefined : { key, subject }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
