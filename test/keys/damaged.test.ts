import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openFileKeys } from '../../src/keys/file-keys.ts'
import { DamagedKeyFile } from '../../src/keys/key-directory.ts'

const alice = { issuer: 'https://issuer.example', subject: 'alice' }
const bob = { ...alice, subject: 'bob' }

const opened = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-keys-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const keys = await openFileKeys(dir)
  const pseudonym = await keys.pseudonymOf(alice)
  const path = (name: string) =>
    join(dir, readdirSync(dir, { recursive: true, encoding: 'utf8' }).find((each) => each.endsWith(name)) ?? name)
  const { subject } = JSON.parse(readFileSync(path(pseudonym), 'utf8'))
  return { dir, pseudonym, path, keyPath: path(pseudonym), subjectPath: path(`/${subject}`) }
}

/** What is thrown names the file, and neither issuer nor subject. */
const names = async (path: string, asked: Promise<unknown>) => {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DamagedKeyFile)
  const { message } = error as Error
  expect(message).toContain(`${path} is damaged`)
  expect(message).not.toMatch(/alice|bob|issuer/)
}

describe('a damaged file is named', () => {
  const key = Buffer.alloc(32).toString('base64')
  const subject = 'a'.repeat(64)
  test.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    JSON.stringify({ version: 2, key, subject }),
    JSON.stringify({ version: 1, subject }),
    JSON.stringify({ version: 1, key }),
    JSON.stringify({ version: 1, key: key.slice(4), subject }),
    JSON.stringify({ version: 1, key: `${key}!`, subject }),
    JSON.stringify({ version: 1, key, subject: 'alice' }),
    JSON.stringify({ version: 1, key, subject: 1 }),
  ])('a key file that holds %j', async (text) => {
    const { dir, pseudonym, keyPath } = await opened()
    writeFileSync(keyPath, text)
    const keys = await openFileKeys(dir)
    await names(keyPath, keys.keyOf(pseudonym))
    await names(keyPath, keys.pseudonymOf(alice))
    await names(keyPath, keys.erase(pseudonym))
    expect(await keys.pseudonymOf(bob)).not.toBe(pseudonym)
  })

  test('a key file that is gone, though a subject is bound to it', async () => {
    const { dir, pseudonym, keyPath } = await opened()
    rmSync(keyPath)
    const keys = await openFileKeys(dir)
    await names(keyPath, keys.pseudonymOf(alice))
    expect(await keys.keyOf(pseudonym)).toBeNull()
  })

  test("a key file with another subject's key", async () => {
    const { dir, keyPath, path } = await opened()
    const keys = await openFileKeys(dir)
    writeFileSync(keyPath, readFileSync(path(await keys.pseudonymOf(bob))))
    await names(keyPath, keys.pseudonymOf(alice))
  })

  test.each(['', 'p-', `p-${'a'.repeat(25)}`, '../../store.key'])("a subject's file that holds %j", async (text) => {
    const { dir, subjectPath } = await opened()
    writeFileSync(subjectPath, text)
    await names(subjectPath, (await openFileKeys(dir)).pseudonymOf(alice))
  })

  test.each(['', 'short'])("the store's own key that is %j", async (text) => {
    const { dir } = await opened()
    writeFileSync(join(dir, 'store.key'), text)
    await names(join(dir, 'store.key'), openFileKeys(dir))
  })
})
