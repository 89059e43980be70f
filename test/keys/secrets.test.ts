import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { StartError } from '../../src/host/data-dir.ts'
import { createOnce, openKeysDir } from '../../src/host/secrets.ts'

test('of many that create a secret at once one wins, and all answer it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-secrets-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'keys', 'a.key')
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, number) => createOnce(path, () => `secret ${number}`)),
  )
  expect(new Set(answers).size).toBe(1)
  expect(await createOnce(path, () => 'another')).toBe(answers[0])
  expect(readdirSync(join(dir, 'keys'))).toEqual(['a.key'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('the directory of keys is made for its owner only; one that cannot be is said in a sentence', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'ledgerline-secrets-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const dir = join(parent, 'a', 'keys')
  await openKeysDir(dir)
  await openKeysDir(dir)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  writeFileSync(join(parent, 'file'), '')
  const refused = openKeysDir(join(parent, 'file', 'keys'))
  await expect(refused).rejects.toThrow(StartError)
  await expect(refused).rejects.toThrow(/^the directory .*file\/keys cannot be written \(ENOTDIR\)$/)
})
