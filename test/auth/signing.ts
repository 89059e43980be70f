import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { createTokenVerifier, type TokenSource, type VerifierOptions } from '../../src/auth/tokens.ts'
import { Rejection } from '../../src/domain/codes.ts'

export const nowMs = Date.parse('2026-01-02T03:04:05.678Z')
export const nowS = Math.floor(nowMs / 1_000)
export const secret = 'a secret of thirty-two bytes, or more'

export interface Pair {
  publicKey: KeyObject
  privateKey: KeyObject
}
export const rsaPair = (bits = 2_048): Pair => generateKeyPairSync('rsa', { modulusLength: bits })
export const ecPair = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve })
export const edPair = (): Pair => generateKeyPairSync('ed25519')

export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
export const publicSource = ({ publicKey }: Pair): TokenSource => ({ kind: 'public-key', pem: pemOf(publicKey) })
export const secretSource: TokenSource = { kind: 'secret', secret }

export const verifierOf = (source: TokenSource, options: Partial<VerifierOptions> = {}) =>
  createTokenVerifier(source, { issuer: null, audience: null, defaultTenant: null, nowMs: () => nowMs, ...options })

/** A token that all is well with, but for what is given; a claim that is undefined is left out. */
export const tokenOf = (
  key: KeyObject | Uint8Array,
  alg: string,
  claims: Record<string, unknown> = {},
  header: Record<string, string> = {},
): Promise<string> => {
  const all = {
    iss: 'https://issuer.example',
    sub: 'alice',
    tenant: 'acme',
    roles: ['operator'],
    exp: nowS + 600,
    ...claims,
  }
  return new SignJWT(all).setProtectedHeader({ alg, ...header }).sign(key)
}

export const secretToken = (claims: Record<string, unknown> = {}, alg = 'HS256'): Promise<string> =>
  tokenOf(Buffer.from(secret), alg, claims)

/** A JWS by hand, for what no library would make. */
export const rawToken = (header: object, claims: object, signature = ''): string =>
  [JSON.stringify(header), JSON.stringify(claims)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .concat(signature)
    .join('.')

/** `CODE: message` of the rejection that this ends in; whatever else happens fails the test. */
export const refusalOf = async (what: Promise<unknown> | (() => unknown)): Promise<string> => {
  try {
    await (typeof what === 'function' ? what() : what)
  } catch (error) {
    if (error instanceof Rejection) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('nothing was refused')
}
