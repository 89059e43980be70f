import { hash } from 'node:crypto'

/** 32 bytes: SHA-256. */
export type Hash = Uint8Array

/** Something does not hold; the message says what. */
export class Refused extends Error {}

/** In one call: an object for each hash would keep the garbage collector busy. */
export const sha256 = (...parts: readonly (string | Uint8Array)[]): Hash => {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  return hash('sha256', Buffer.concat(bytes), 'buffer')
}

const leafByte = Uint8Array.of(0)
/** 1, the left hash, the right hash: filled anew for each node, for a tree has many. */
const nodeBytes = Buffer.alloc(65, 1)

/** The hashes of RFC 9162 §2.1.1. */
export const emptyRoot: Hash = sha256()
export const leafHash = (leaf: string | Uint8Array): Hash => sha256(leafByte, leaf)
export const nodeHash = (left: Hash, right: Hash): Hash => {
  if (left.length !== 32 || right.length !== 32) return sha256(nodeBytes.subarray(0, 1), left, right)
  nodeBytes.set(left, 1)
  nodeBytes.set(right, 33)
  return hash('sha256', nodeBytes, 'buffer')
}

export const areEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Reads 64 lower-case hex digits. */
export const parseHash = (text: string, what: string): Hash => {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Refused(`${what} is not 64 lower-case hex digits`)
  return Buffer.from(text, 'hex')
}

/** Reads the one base64 form of some bytes: standard alphabet, padded, no stray bits (RFC 4648 §4, §3.5). */
export const parseBase64 = (text: string, what: string): Uint8Array => {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new Refused(`${what} is not strict base64`)
  return bytes
}
