import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openFileKeys } from '../../src/keys/file-keys.ts'
import { compiled } from './compiled.ts'

const rounds = 20
const issuer = 'https://issuer.example'

/** Says what it was answered, line by line: `<subject> <pseudonym>`, and `erased <pseudonym>` for every second. */
const program = `
const [, module, dir, round] = process.argv
const { openFileKeys } = await import(module)
const keys = await openFileKeys(dir)
const user = async (lane) => {
  for (let number = 0; ; number += 1) {
    const subject = [round, lane, number].join('-')
    const pseudonym = await keys.pseudonymOf({ issuer: '${issuer}', subject })
    process.stdout.write(subject + ' ' + pseudonym + '\\n')
    if (number % 2 === 0) continue
    await keys.erase(pseudonym)
    process.stdout.write('erased ' + pseudonym + '\\n')
  }
}
await Promise.all([0, 1, 2, 3].map(user))
`

/** What a child said until it was killed, that long after its first word. */
const killedAfter = async (delayMs: number, args: readonly string[]): Promise<string[]> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...args])
  let said = ''
  let complained = ''
  child.stderr.on('data', (chunk) => {
    complained += chunk
  })
  child.stdout.on('data', (chunk) => {
    if (said === '') setTimeout(() => child.kill('SIGKILL'), delayMs)
    said += chunk
  })
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)))
  expect([signal, complained]).toEqual(['SIGKILL', ''])
  // The last line may have been cut.
  return said.split('\n').slice(0, -1)
}

/** Subjects that are bound to a pseudonym without a key file that is whole; its key may be destroyed. */
const unusable = (dir: string): string[] => {
  const found = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  const bound = found.filter((path) => /^by-subject\/..\/./.test(path))
  return bound.filter((path) => {
    const pseudonym = readFileSync(join(dir, path), 'utf8')
    const text = readFileSync(join(dir, 'by-pseudonym', pseudonym.slice(2, 4), pseudonym), 'utf8')
    const { version, key, subject } = JSON.parse(text)
    return version !== 1 || !path.endsWith(subject) || (key !== null && Buffer.from(key, 'base64').length !== 32)
  })
}

test(`killed ${rounds} times, it leaves no pseudonym without a usable key and brings no erased one back`, async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'ledgerline-keys-'))
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }))
  const module = compiled(join(temporary, 'js'))
  const dir = join(temporary, 'subjects')
  const said: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    said.push(...(await killedAfter(Math.random() * 200, [module, dir, `${round}`])))
    expect(unusable(dir)).toEqual([])
  }

  const erased = new Set(said.filter((line) => line.startsWith('erased ')).map((line) => line.slice(7)))
  const answered = said.filter((line) => !line.startsWith('erased ')).map((line) => line.split(' '))
  console.log(`${rounds} kills, ${answered.length} pseudonyms answered, ${erased.size} erased`)
  expect(answered.length).toBeGreaterThan(rounds)
  expect(erased.size).toBeGreaterThan(0)

  const keys = await openFileKeys(dir)
  for (const [subject = '', pseudonym = ''] of answered) {
    // An erasure that was not answered may have come to pass all the same.
    const mayBeErased = Number(subject.split('-')[2]) % 2 === 1
    const now = await keys.pseudonymOf({ issuer, subject })
    if (!mayBeErased) expect(now).toBe(pseudonym)
    if (erased.has(pseudonym)) expect([now === pseudonym, await keys.keyOf(pseudonym)]).toEqual([false, null])
    expect(await keys.keyOf(now)).toHaveLength(32)
  }
})
