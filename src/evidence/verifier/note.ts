import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto'
import { hexOf, parseBase64, Refused, sha256 } from './hash.ts'

// Signed notes: https://c2sp.org/signed-note

/** 0x01 signs a note's text; 0x04 is the timestamped cosignature of a witness (https://c2sp.org/tlog-cosignature). */
export const keyTypes = { ed25519: 0x01, cosignature: 0x04 } as const
export type KeyType = keyof typeof keyTypes

export interface VerifierKey {
  name: string
  /** 8 hex digits. */
  id: string
  type: KeyType
  /** 32 bytes. */
  raw: Uint8Array
  key: KeyObject
}

interface Signature {
  name: string
  /** Of the key, 8 hex digits. */
  keyId: string
  bytes: Uint8Array
}

export interface Note {
  /** Ends in a newline. */
  text: string
  signatures: Signature[]
}

/** The standard asks for at least 16. */
const signaturesMax = 64

/** An Ed25519 public key in DER is this and 32 bytes. */
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export const keyIdOf = (name: string, type: KeyType, raw: Uint8Array): string =>
  hexOf(sha256(name, '\n', Uint8Array.of(keyTypes[type]), raw).subarray(0, 4))

export const isKeyName = (name: string): boolean => /^[^\p{White_Space}\p{Cc}\p{Surrogate}+]+$/u.test(name)

/** Reads `name+hex(key id)+base64(type || public key)`. */
export const parseVerifierKey = (vkey: string): VerifierKey => {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(vkey) ?? []
  if (!isKeyName(name)) throw new Refused(`${JSON.stringify(vkey)} is not a verifier key: name+id+base64`)
  const [typeByte, ...rest] = parseBase64(encoded, `the key of ${name}`)
  const type = typeByte === keyTypes.ed25519 ? 'ed25519' : typeByte === keyTypes.cosignature ? 'cosignature' : null
  if (!type) throw new Refused(`the key of ${name} is of type ${typeByte}; only 1 and 4 are supported`)
  if (rest.length !== 32) throw new Refused(`the key of ${name} has ${rest.length} bytes instead of 32`)
  const raw = Uint8Array.from(rest)
  if (keyIdOf(name, type, raw) !== id) throw new Refused(`the key of ${name} does not have the id ${id}`)
  const key = createPublicKey({ key: Buffer.concat([publicKeyPrefix, raw]), format: 'der', type: 'spki' })
  return { name, id, type, raw, key }
}

/** Whether a text may be signed as a note, or be one. */
const isNoteText = (text: string): boolean => text.endsWith('\n') && !/[^\P{Cc}\n\x7f-\x9f]|\p{Surrogate}/u.test(text)

export const checkNoteText = (text: string): void => {
  if (!isNoteText(text)) throw new Refused('a note ends in a newline and has no other control character')
}

/** Splits a note; what it says counts only after `openNote`. */
export const parseNote = (note: string): Note => {
  checkNoteText(note)
  const end = note.lastIndexOf('\n\n')
  if (end < 0) throw new Refused('a note has a blank line between its text and its signatures')
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > signaturesMax) throw new Refused(`a note of more than ${signaturesMax} signatures`)
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) }
}

const parseSignature = (line: string): Signature => {
  const [, name = '', encoded = ''] = /^— ([^ ]*) ([^ ]*)$/.exec(line) ?? []
  if (!isKeyName(name)) throw new Refused('a signature line is not of the form "— name base64"')
  const bytes = parseBase64(encoded, `the signature of ${name}`)
  if (bytes.length < 5) throw new Refused(`the signature of ${name} is too short`)
  return { name, keyId: hexOf(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

/**
 * Which of the given keys signed the note. A line of any other key is ignored. Throws Refused when a line of one of
 * these keys does not verify, and when there is none.
 */
export const openNote = ({ text, signatures }: Note, keys: readonly VerifierKey[]): VerifierKey[] => {
  const signers = signatures.flatMap((signature) => {
    const signer = keys.find(({ name, id }) => name === signature.name && id === signature.keyId)
    if (!signer) return []
    if (!isSignedBy(signer, text, signature.bytes)) throw new Refused(`the signature of ${signer.name} is wrong`)
    return [signer]
  })
  if (signers.length === 0) {
    const others = signatures.map(({ name, keyId }) => `${name} (${keyId})`)
    throw new Refused(`there is no signature of a known key, only of ${others.join(', ')}`)
  }
  return signers
}

const isSignedBy = ({ type, key }: VerifierKey, text: string, bytes: Uint8Array): boolean => {
  if (type === 'ed25519') return bytes.length === 64 && verifySignature(null, Buffer.from(text), key, bytes)
  if (bytes.length !== 72) return false
  const seconds = Buffer.from(bytes).readBigUInt64BE()
  return seconds < 2n ** 63n && verifySignature(null, cosignedMessage(text, seconds), key, bytes.subarray(8))
}

/** What a cosignature v1 signs. Time in seconds since 1970. */
export const cosignedMessage = (text: string, seconds: bigint): Uint8Array =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
