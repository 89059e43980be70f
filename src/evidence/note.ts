import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { checkNoteText, cosignedMessage, isKeyName, type KeyType, keyIdOf, keyTypes } from './verifier/note.ts'

export { openNote, parseNote, parseVerifierKey, type VerifierKey } from './verifier/note.ts'

export interface NoteSigner {
  name: string
  /** Verifier key: `name+id+base64`. */
  vkey: string
  /** The signature line of a note's text, which ends in a newline. */
  sign(text: string): string
}

/** An Ed25519 private key in DER is this and 32 bytes. */
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The verifier key of an Ed25519 public key (32 bytes). */
export const vkeyOf = (name: string, raw: Uint8Array, type: KeyType = 'ed25519'): string =>
  `${name}+${keyIdOf(name, type, raw)}+${Buffer.of(keyTypes[type], ...raw).toString('base64')}`

const keyOf = (name: string, type: KeyType, seed: Uint8Array) => {
  if (!isKeyName(name)) throw new RangeError(`not the name of a key: ${JSON.stringify(name)}`)
  if (seed.length !== 32) throw new RangeError(`a seed of ${seed.length} bytes instead of 32`)
  const key = createPrivateKey({ key: Buffer.concat([privateKeyPrefix, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const id = keyIdOf(name, type, raw)
  const vkey = vkeyOf(name, raw, type)
  const line = (...parts: Uint8Array[]) =>
    `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), ...parts]).toString('base64')}\n`
  return { key, vkey, line }
}

/** Signs notes with Ed25519 (0x01). `seed`: the 32 bytes of the private key (RFC 8032). */
export const noteSigner = (name: string, seed: Uint8Array): NoteSigner => {
  const { key, vkey, line } = keyOf(name, 'ed25519', seed)
  return {
    name,
    vkey,
    sign: (text) => {
      checkNoteText(text)
      return line(sign(null, Buffer.from(text), key))
    },
  }
}

/** Cosigns checkpoints as a witness does (cosignature/v1, 0x04); its key must have no other use. */
export const cosigner = (name: string, seed: Uint8Array, nowSeconds: () => number): NoteSigner => {
  const { key, vkey, line } = keyOf(name, 'cosignature', seed)
  return {
    name,
    vkey,
    sign: (text) => {
      checkNoteText(text)
      const seconds = BigInt(nowSeconds())
      const time = Buffer.alloc(8)
      time.writeBigUInt64BE(seconds)
      return line(time, sign(null, cosignedMessage(text, seconds), key))
    },
  }
}

/** The note of a text, signed by each. */
export const signNote = (text: string, ...signers: readonly NoteSigner[]): string => {
  if (signers.length === 0) throw new RangeError('a note has at least one signature')
  return `${text}\n${signers.map((signer) => signer.sign(text)).join('')}`
}
