import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as errors from 'jose/errors'
import { createRemoteJWKSet } from 'jose/jwks/remote'
import { type JWTVerifyGetKey, jwtVerify } from 'jose/jwt/verify'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { identityOf } from './claims.ts'
import { KeyError } from './error.ts'
import type { Identity } from './principal.ts'
import { type Verified, VerifiedCache } from './verified-cache.ts'

/** What signed tokens are checked with. `pem` is a public key: SPKI PEM, or a JWK in JSON (or, for `readSource`, a path). */
export type TokenSource =
  | { kind: 'jwks'; url: string }
  | { kind: 'public-key'; pem: string }
  | { kind: 'secret'; secret: string }

export interface VerifierOptions {
  /** What `iss` must be; null takes any but our own issuers'. */
  issuer: string | null
  /** What `aud` must have; null takes any. */
  audience: string | null
  /** The tenant of a token that names none; null refuses it. */
  defaultTenant: TenantId | null
  nowMs(): number
  jwksTimeoutMs?: number
  jwksCooldownMs?: number
}

export interface TokenVerifier {
  /** Throws UNAUTHORIZED, and FORBIDDEN for a token without a tenant. */
  verify(token: string): Promise<Identity>
}

const clockToleranceS = 30
const tokenCharsMax = 16_384
const jwksTimeoutMs = 5_000
/** Between two fetches for a key that the set did not have. */
const jwksCooldownMs = 30_000
const jwksMaxAgeMs = 300_000
const rsaBitsMin = 2_048

const ownIssuers = 'ledgerline:'

const rsaPkcs1 = ['RS256', 'RS384', 'RS512']
const rsaPss = ['PS256', 'PS384', 'PS512']
const ecByCurve: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }
/** Pinned per source, never read from the token alone: a public key must not serve as an HMAC secret (RFC 8725 §3.1). */
const jwksAlgorithms = [...rsaPkcs1, ...rsaPss, ...Object.values(ecByCurve), 'EdDSA']
const secretAlgorithms = ['HS256', 'HS384', 'HS512']

interface Keys {
  algorithms: string[]
  key: JWTVerifyGetKey
}

/** Checks tokens of one source, and remembers the good ones for a while. Throws KeyError for a key of no use. */
export const createTokenVerifier = (source: TokenSource, options: VerifierOptions): TokenVerifier => {
  const keys = keysOf(source, options)
  return new VerifiedCache((token) => verifyOnce(token, keys, options), options)
}

/** The source with its key in place of the path of the key's file. Throws KeyError. */
export const readSource = async (source: TokenSource): Promise<TokenSource> => {
  if (source.kind !== 'public-key' || !/^\.?\//.test(source.pem)) return source
  try {
    return { kind: 'public-key', pem: await readFile(source.pem, 'utf8') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown reason'
    throw new KeyError(`the public key's file ${source.pem} cannot be read (${code})`)
  }
}

const verifyOnce = async (token: string, { key, algorithms }: Keys, options: VerifierOptions): Promise<Verified> => {
  if (token.length > tokenCharsMax) throw new Rejection('UNAUTHORIZED', messages.malformed)
  const { issuer, audience, defaultTenant, nowMs } = options
  const { payload } = await jwtVerify(token, key, {
    algorithms,
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceS,
    currentDate: new Date(nowMs()),
    ...(issuer === null ? {} : { issuer }),
    ...(audience === null ? {} : { audience }),
  }).catch((error) => {
    const message = messageOf(error)
    throw message === null ? error : new Rejection('UNAUTHORIZED', message)
  })
  const identity = identityOf(payload, defaultTenant)
  if (issuer === null && identity.issuer.startsWith(ownIssuers)) throw new Rejection('UNAUTHORIZED', messages.issuer)
  return { identity, expiresAtMs: (payload.exp ?? 0) * 1_000 }
}

const keysOf = (source: TokenSource, options: VerifierOptions): Keys => {
  if (source.kind === 'jwks') return { algorithms: jwksAlgorithms, key: remoteKeys(source.url, options) }
  if (source.kind === 'secret') {
    const secret = createSecretKey(Buffer.from(source.secret))
    return { algorithms: secretAlgorithms, key: () => secret }
  }
  const { key, pinned } = publicKeyOf(source.pem)
  const algorithms = algorithmsOf(key).filter((algorithm) => pinned === undefined || algorithm === pinned)
  if (algorithms.length === 0) throw new KeyError('the public key is of a type that signs no tokens')
  return { algorithms, key: () => key }
}

const remoteKeys = (url: string, options: VerifierOptions): JWTVerifyGetKey => {
  const keySet = createRemoteJWKSet(new URL(url), {
    timeoutDuration: options.jwksTimeoutMs ?? jwksTimeoutMs,
    cooldownDuration: options.jwksCooldownMs ?? jwksCooldownMs,
    cacheMaxAge: jwksMaxAgeMs,
  })
  return (header, token) =>
    keySet(header, token).catch((error) => {
      if (messageOf(error) === messages.key) throw error
      throw new Rejection('UNAUTHORIZED', messages.unreachable)
    })
}

const publicKeyOf = (text: string): { key: KeyObject; pinned?: string } => {
  // Node would derive the public key of a private one, which has no business here.
  if (text.includes('PRIVATE KEY')) throw new KeyError('the public key is a private key')
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPublicKey(text) }
    const jwk: Record<string, unknown> = JSON.parse(text)
    if ('d' in jwk) throw new KeyError('the public key is a private key')
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return typeof jwk.alg === 'string' ? { key, pinned: jwk.alg } : { key }
  } catch (error) {
    if (error instanceof KeyError) throw error
    throw new KeyError('the public key is neither SPKI PEM nor a JWK in JSON')
  }
}

const algorithmsOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] => {
  if (asymmetricKeyType === 'ed25519') return ['EdDSA']
  if (asymmetricKeyType === 'ec') return [ecByCurve[asymmetricKeyDetails?.namedCurve ?? ''] ?? []].flat()
  if (asymmetricKeyType !== 'rsa') return []
  const bits = asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < rsaBitsMin) throw new KeyError(`the public key has ${bits} bits; RSA needs ${rsaBitsMin}`)
  return [...rsaPkcs1, ...rsaPss]
}

const messages = {
  malformed: 'the token is malformed',
  expired: 'the token has expired',
  notYet: 'the token is not yet valid',
  noExpiry: 'the token has no expiry',
  issuer: 'the token is not of the expected issuer',
  audience: 'the token is not for the expected audience',
  signature: 'the signature of the token is wrong',
  algorithm: 'the token is signed with an algorithm that is not accepted',
  key: 'the token is signed with an unknown key',
  unreachable: 'the keys of the issuer cannot be reached',
} as const

const ofClaim: Record<string, string> = {
  exp: messages.noExpiry,
  nbf: messages.notYet,
  iss: messages.issuer,
  aud: messages.audience,
}

/** The public message for what jose found; null for what is no fault of the token. */
const messageOf = (error: unknown): string | null => {
  if (error instanceof errors.JWTExpired) return messages.expired
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'invalid' ? messages.malformed : (ofClaim[error.claim] ?? messages.malformed)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return messages.signature
  if (error instanceof errors.JOSEAlgNotAllowed) return messages.algorithm
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return messages.key
  return error instanceof errors.JOSEError ? messages.malformed : null
}
