import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { chooseVerifier, createDevVerifier } from '../../src/auth/dev-key.ts'
import { KeyError, UsageError } from '../../src/auth/error.ts'
import { issueToken } from '../../src/auth/issue.ts'
import { devKey } from '../../src/host/secrets.ts'
import { temporaryDir } from '../e2e/service.ts'
import { nowMs, nowS, refusalOf, secretSource, secretToken, verifierOf } from './signing.ts'

const keysDir = await temporaryDir('dev-key')
const key = () => devKey(keysDir)
const alice = ['--sub', 'alice', '--tenant', 'acme', '--roles', 'operator,governance']
const issue = (...args: string[]) => issueToken(args, key, nowMs)
const devVerifier = async (at = nowMs) => createDevVerifier(await key(), () => at)

describe('the development key', () => {
  test('is made once, and only its owner reads it', async () => {
    const [one, two] = await Promise.all([key(), key()])
    expect(one).toBe(two)
    const path = join(keysDir, 'dev.jwk')
    expect(await readFile(path, 'utf8')).toBe(one)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(one)).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
  })

  test('is another one in another directory, whose tokens do not count', async () => {
    const elsewhere = await temporaryDir('dev-key-elsewhere')
    const token = await issueToken(alice, () => devKey(elsewhere), nowMs)
    expect(await refusalOf((await devVerifier()).verify(token))).toContain('signature')
  })

  test.each([['no JSON'], ['{}'], ['{"kty":"EC"}']])('that is damaged is said to be (%s)', async (text) => {
    const dir = await temporaryDir('dev-key-damaged')
    await devKey(dir)
    await writeFile(join(dir, 'dev.jwk'), text)
    const damaged = await devKey(dir)
    await expect(issueToken(alice, async () => damaged, nowMs)).rejects.toThrow(KeyError)
    expect(() => createDevVerifier(damaged, () => nowMs)).toThrow('the development key is damaged')
  })
})

describe('ledgerline token', () => {
  test('prints a token that the service takes', async () => {
    const token = await issue(...alice, '--plan', 'Pro', '--name', 'Alice Example')
    expect(await (await devVerifier()).verify(token)).toEqual({
      issuer: 'ledgerline:dev',
      subject: 'alice',
      kind: 'person',
      tenants: ['acme'],
      roles: ['operator', 'governance'],
      plan: 'pro',
      name: 'Alice Example',
      authMethod: 'jwt',
      onBehalfOf: null,
    })
    expect(decodeProtectedHeader(token).alg).toBe('EdDSA')
  })

  test('says nothing that was not asked for', async () => {
    expect(decodeJwt(await issue(...alice))).toEqual({
      iss: 'ledgerline:dev',
      aud: 'ledgerline',
      sub: 'alice',
      tenant: 'acme',
      roles: ['operator', 'governance'],
      iat: nowS,
      exp: nowS + 3_600,
    })
  })

  test('lets it expire when it should', async () => {
    const token = await issue(...alice, '--expires-in', '60')
    expect((await (await devVerifier(nowMs + 60_000)).verify(token)).subject).toBe('alice')
    expect(await refusalOf((await devVerifier(nowMs + 91_000)).verify(token))).toContain('expired')
  })

  test.each([
    [['--tenant', 'acme', '--roles', 'viewer'], '--sub NAME'],
    [['--sub', '', '--tenant', 'acme', '--roles', 'viewer'], '--sub NAME'],
    [['--sub', 'a'.repeat(256), '--tenant', 'acme', '--roles', 'viewer'], '--sub NAME'],
    [['--sub', 'alice', '--roles', 'viewer'], '--tenant T'],
    [['--sub', 'alice', '--tenant', 'a.b', '--roles', 'viewer'], '--tenant T'],
    [['--sub', 'alice', '--tenant', 'acme'], '--roles ROLE,ROLE'],
    [[...alice, '--roles', 'viewer,emperor'], '--roles ROLE,ROLE'],
    [[...alice, '--plan', 'platinum'], '--plan is one of free, pro, enterprise'],
    [[...alice, '--name', 'a'.repeat(201)], '--name has 1 to 200 characters'],
    [[...alice, '--expires-in', '0'], '--expires-in has 1 to 31536000 seconds'],
    [[...alice, '--expires-in', '1h'], '--expires-in has 1 to'],
    [[...alice, '--expires-in', '31536001'], '--expires-in has 1 to'],
    [[...alice, '--colour', 'red'], '--colour'],
    [[...alice, 'more'], 'more'],
  ])('says in one sentence what is wrong (case %#)', async (args, words) => {
    const neverAsked = () => Promise.reject(new Error('the key was made for nothing'))
    const error = await issueToken(args, neverAsked, nowMs).catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain(words)
    expect(String(error)).not.toContain('\n')
  })
})

describe('of two verifiers', () => {
  const configured = verifierOf(secretSource)

  test('the development issuer has one, and everyone else the other', async () => {
    const verifier = chooseVerifier(await devVerifier(), configured)
    expect((await verifier.verify(await issue(...alice))).issuer).toBe('ledgerline:dev')
    expect((await verifier.verify(await secretToken())).issuer).toBe('https://issuer.example')
    expect(await refusalOf(verifier.verify('no token'))).toBe('UNAUTHORIZED: the token is malformed')
  })

  test('the development one takes no token that only claims its issuer', async () => {
    const verifier = chooseVerifier(await devVerifier(), configured)
    const token = await secretToken({ iss: 'ledgerline:dev', aud: 'ledgerline' })
    expect(await refusalOf(verifier.verify(token))).toContain('an algorithm that is not accepted')
  })

  test('the configured one alone takes no development token, nor one in its name', async () => {
    const verifier = chooseVerifier(null, configured)
    expect(await refusalOf(verifier.verify(await issue(...alice)))).toContain('an algorithm that is not accepted')
    const token = await secretToken({ iss: 'ledgerline:dev' })
    expect(await refusalOf(verifier.verify(token))).toContain('not of the expected issuer')
  })

  test('the development one alone takes no other token', async () => {
    const verifier = chooseVerifier(await devVerifier(), null)
    expect((await verifier.verify(await issue(...alice))).subject).toBe('alice')
    expect(await refusalOf(verifier.verify(await secretToken()))).toContain('an algorithm that is not accepted')
  })

  test('neither is there, and every token is refused', async () => {
    const refusal = 'UNAUTHORIZED: no issuer of tokens is configured'
    expect(await refusalOf(chooseVerifier(null, null).verify(await secretToken()))).toBe(refusal)
  })
})
