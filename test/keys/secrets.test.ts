import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createOnce } from '../../src/host/secrets.ts'

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
