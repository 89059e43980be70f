import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { SubjectKeys } from '../app/ports/subject-keys.ts'
import { isSealed, parseSealed, type Sealed } from '../domain/sealed.ts'
import { Bounded } from './bounded.ts'

const cipherName = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16
const entriesMax = 10_000
/**
 * A value is remembered for one of these at least and two at most, so as not to be sealed again.
 */
const generationMs = 30_000
/** Longer values are not remembered: they would take much memory and hardly come twice. */
const rememberedCharsMax = 256
/** Begins what UTF-8 cannot hold (a lone surrogate) and is written in UTF-16; no UTF-8 has this byte. */
const utf16Mark = 0xff
const loneSurrogate = /\p{Surrogate}/u

/** A value cannot be sealed: its subject was erased, or the key store does not know the pseudonym. */
export class NoKey extends Error {}

/** A text is not a sealed value, or not as it was sealed. */
export class TamperedSeal extends Error {}

/** Seals personal values under their subjects' keys, and opens them: AES-256-GCM, bound to the pseudonym. */
export class Sealer {
  readonly #keys: SubjectKeys
  readonly #remembered = new Bounded<Sealed>(entriesMax)
  /** On the monotonic clock. */
  #turnedAtMs = performance.now()

  constructor(keys: SubjectKeys) {
    this.#keys = keys
  }

  /** Any string. For half a minute or more the same value of the same subject gives the same text. Throws NoKey. */
  async seal(pseudonym: string, value: string): Promise<Sealed> {
    const key = await this.#keys.keyOf(pseudonym)
    if (key === null) throw new NoKey(`nothing can be sealed for ${pseudonym}: the subject was erased or is not known`)
    this.#forget(performance.now())
    const name = `${pseudonym}:${value}`
    const found = this.#remembered.get(name)
    if (found) return found
    const sealed = encrypt(key, pseudonym, value)
    if (value.length <= rememberedCharsMax) this.#remembered.set(name, sealed)
    return sealed
  }

  /** Null when the subject was erased, or the key store does not know it. Throws TamperedSeal. */
  async open(sealed: string): Promise<string | null> {
    const parts = parseSealed(sealed)
    if (parts === undefined) throw new TamperedSeal('this is not a sealed value')
    const key = await this.#keys.keyOf(parts.pseudonym)
    return key === null ? null : decrypt(key, parts.pseudonym, parts.payload)
  }

  /** Of a subject that is erased, no value stays in memory. */
  forget(pseudonym: string): void {
    this.#remembered.deleteWhere((name) => name.startsWith(`${pseudonym}:`))
  }

  #forget(nowMs: number): void {
    const sinceMs = nowMs - this.#turnedAtMs
    if (sinceMs < generationMs) return
    this.#remembered.turn()
    if (sinceMs >= 2 * generationMs) this.#remembered.turn()
    this.#turnedAtMs = nowMs
  }
}

const boundTo = (pseudonym: string): Buffer => Buffer.from(`ledgerline:1:${pseudonym}`)

const encrypt = (key: Buffer, pseudonym: string, value: string): Sealed => {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(cipherName, key, iv, { authTagLength: tagBytes }).setAAD(boundTo(pseudonym))
  const payload = Buffer.concat([iv, cipher.update(toBytes(value)), cipher.final(), cipher.getAuthTag()])
  const sealed = `sealed:1:${pseudonym}:${payload.toString('base64url')}`
  if (!isSealed(sealed)) throw new Error(`'${pseudonym}' has a key and not the form of a pseudonym`)
  return sealed
}

const decrypt = (key: Buffer, pseudonym: string, payload: string): string => {
  const bytes = Buffer.from(payload, 'base64url')
  const cipher = createDecipheriv(cipherName, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
  cipher.setAAD(boundTo(pseudonym)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    const value = cipher.update(bytes.subarray(ivBytes, -tagBytes))
    cipher.final()
    return fromBytes(value)
  } catch {
    throw new TamperedSeal(`a value sealed for ${pseudonym} was changed, or belongs to another subject`)
  }
}

const toBytes = (value: string): Buffer =>
  loneSurrogate.test(value) ? Buffer.concat([Buffer.of(utf16Mark), Buffer.from(value, 'utf16le')]) : Buffer.from(value)

const fromBytes = (bytes: Buffer): string =>
  bytes[0] === utf16Mark ? bytes.toString('utf16le', 1) : bytes.toString('utf8')
