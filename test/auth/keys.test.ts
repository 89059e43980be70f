import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KeyError } from '../../src/auth/error.ts'
import { readSource } from '../../src/auth/tokens.ts'
import { temporaryDir } from '../e2e/service.ts'
import { ecPair, edPair, pemOf, publicSource, rsaPair, secretSource, tokenOf, verifierOf } from './signing.ts'

const ed = edPair()
const privatePem = ed.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const privateJwk = JSON.stringify(ed.privateKey.export({ format: 'jwk' }))
const useless = generateKeyPairSync('x25519').publicKey

test.each([
  ['no key', 'no key', 'neither SPKI PEM nor a JWK'],
  ['damaged PEM', pemOf(ed.publicKey).replace('M', '!'), 'neither SPKI PEM nor a JWK'],
  ['damaged JSON', '{"kty":', 'neither SPKI PEM nor a JWK'],
  ['a JWK that is a secret', '{"kty":"oct","k":"AAAA"}', 'neither SPKI PEM nor a JWK'],
  ['a private key', privatePem, 'is a private key'],
  ['a private JWK', privateJwk, 'is a private key'],
  ['a key that signs nothing', pemOf(useless), 'of a type that signs no tokens'],
  ['a curve without an algorithm', pemOf(ecPair('secp256k1').publicKey), 'of a type that signs no tokens'],
  [
    'a JWK for an algorithm of another type',
    JSON.stringify({ ...ed.publicKey.export({ format: 'jwk' }), alg: 'HS256' }),
    'signs no tokens',
  ],
  ['a short RSA key', pemOf(rsaPair(1_024).publicKey), 'has 1024 bits; RSA needs 2048'],
])('%s as the public key is refused at the start', (_what, pem, message) => {
  const make = () => verifierOf({ kind: 'public-key', pem })
  expect(make).toThrow(KeyError)
  expect(make).toThrow(message)
})

test('a public key may be in a file', async () => {
  const path = join(await temporaryDir('key'), 'issuer.pem')
  await writeFile(path, pemOf(ed.publicKey))
  const verifier = verifierOf(await readSource({ kind: 'public-key', pem: path }))
  expect((await verifier.verify(await tokenOf(ed.privateKey, 'EdDSA'))).subject).toBe('alice')
})

test('a key file that is not there is named', async () => {
  const reading = readSource({ kind: 'public-key', pem: '/nowhere/issuer.pem' })
  await expect(reading).rejects.toThrow(KeyError)
  await expect(reading).rejects.toThrow("the public key's file /nowhere/issuer.pem cannot be read (ENOENT)")
})

test('what is no path stays as it is', async () => {
  for (const source of [publicSource(ed), secretSource, { kind: 'jwks', url: 'https://issuer.example/' } as const]) {
    expect(await readSource(source)).toEqual(source)
  }
})
