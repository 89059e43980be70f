import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { decodeJwt } from 'jose/jwt/decode'
import { SignJWT } from 'jose/jwt/sign'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { KeyError } from './error.ts'
import { createTokenVerifier, type TokenVerifier } from './tokens.ts'

const issuer = 'ledgerline:dev'
const audience = 'ledgerline'

/** What a development token says. */
export interface DevClaims {
  sub: string
  tenant: TenantId
  roles: readonly string[]
  plan: string | null
  name: string | null
  expiresInS: number
}

/** `jwk` is what `devKey` of host/secrets.ts keeps. Signs a token that only this installation's key verifies. Throws KeyError for a key file that is damaged. */
export const signDevToken = (jwk: string, claims: DevClaims, nowMs: number): Promise<string> => {
  const { sub, tenant, roles, plan, name, expiresInS } = claims
  const issuedAtS = Math.floor(nowMs / 1_000)
  return new SignJWT({
    tenant,
    roles: [...roles],
    ...(plan === null ? {} : { plan }),
    ...(name === null ? {} : { name }),
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setSubject(sub)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAtS)
    .setExpirationTime(issuedAtS + expiresInS)
    .sign(privateKeyOf(jwk))
}

/** Takes the tokens of `signDevToken`. Throws KeyError for a key file that is damaged. */
export const createDevVerifier = (jwk: string, nowMs: () => number): TokenVerifier => {
  const pem = createPublicKey(privateKeyOf(jwk)).export({ type: 'spki', format: 'pem' }).toString()
  return createTokenVerifier({ kind: 'public-key', pem }, { issuer, audience, defaultTenant: null, nowMs })
}

const privateKeyOf = (jwk: string): KeyObject => {
  try {
    const key = createPrivateKey({ key: JSON.parse(jwk), format: 'jwk' })
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {}
  throw new KeyError('the development key is damaged')
}

/**
 * One verifier of the development key's and the configured one; null is one that is not there. The issuer that a token
 * claims only chooses who checks it.
 */
export const chooseVerifier = (dev: TokenVerifier | null, configured: TokenVerifier | null): TokenVerifier => {
  if (dev === null || configured === null) return dev ?? configured ?? nobody
  return { verify: (token) => (claimedIssuer(token) === issuer ? dev : configured).verify(token) }
}

const nobody: TokenVerifier = {
  verify: () => Promise.reject(new Rejection('UNAUTHORIZED', 'no issuer of tokens is configured')),
}

const claimedIssuer = (token: string): string | undefined => {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}
