import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { erasureSeenWithinMs } from '../../src/keys/file-keys.ts'
import { runChild } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'
import { compiled } from './compiled.ts'

const issuer = 'https://issuer.example'
const temporary = mkdtempSync(join(tmpdir(), 'ledgerline-keys-'))
let module: string

beforeAll(() => {
  module = compiled(join(temporary, 'js'))
  return () => rmSync(temporary, { recursive: true, force: true })
})

/** In each round, at a given moment, opens a store that nobody has opened and asks for the same subjects. */
const drawing = `
const [, module, parent, beginMs, rounds, count] = process.argv
const { openFileKeys } = await import(module)
const told = []
for (let round = 0; round < Number(rounds); round += 1) {
  while (Date.now() < Number(beginMs) + round * 150) await new Promise((resolve) => setTimeout(resolve, 1))
  const keys = await openFileKeys(parent + '/' + round)
  const subjects = Array.from({ length: Number(count) }, (_, n) => ({ issuer: '${issuer}', subject: 'user-' + n }))
  const pseudonyms = await Promise.all(subjects.map((subject) => keys.pseudonymOf(subject)))
  const held = await Promise.all(pseudonyms.map((each) => keys.keyOf(each)))
  told.push(pseudonyms.map((each, n) => each + ' ' + held[n].toString('hex')))
}
process.stdout.write(JSON.stringify(told) + '\\n')
`

test('two processes that see the same subjects at the same moment give each one pseudonym and one key', async () => {
  const [rounds, count] = [12, 20]
  const beginMs = Date.now() + 1_500
  const args = [module, join(temporary, 'drawn'), String(beginMs), String(rounds), String(count)]
  const children = [1, 2].map(() => runChild(drawing, args))
  await until(() => children.every(({ lines }) => lines().length === 1), 40_000)
  const [one, two] = children.map(({ lines }) => JSON.parse(lines()[0] ?? '') as string[][])
  expect(one).toEqual(two)
  expect(one).toHaveLength(rounds)
  expect(new Set(one?.flat()).size).toBe(rounds * count)
})

/** Asks for a key without a pause until it is gone; says when it last asked and got it, and what a seal then says. */
const reading = `
const [, module, dir] = process.argv
const { openFileKeys } = await import(module)
const { Sealer } = await import(module.replace('file-keys', 'sealing'))
const keys = await openFileKeys(dir)
const sealer = new Sealer(keys)
const pseudonym = await keys.pseudonymOf({ issuer: '${issuer}', subject: 'alice' })
const sealed = await sealer.seal(pseudonym, 'secret')
process.stdout.write('knows\\n')
let lastMs = 0
for (;;) {
  const askedMs = Date.now()
  if ((await keys.keyOf(pseudonym)) === null) break
  lastMs = askedMs
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const again = await sealer.seal(pseudonym, 'secret').catch((error) => error.constructor.name)
const next = await keys.pseudonymOf({ issuer: '${issuer}', subject: 'alice' })
process.stdout.write(JSON.stringify([lastMs, await sealer.open(sealed), again, next !== pseudonym]) + '\\n')
`

const erasing = `
const [, module, dir] = process.argv
const { openFileKeys } = await import(module)
const keys = await openFileKeys(dir)
const pseudonym = await keys.pseudonymOf({ issuer: '${issuer}', subject: 'alice' })
await keys.erase(pseudonym)
process.stdout.write(Date.now() + '\\n')
`

test('a key that one process erases is not served by another for longer than the bound', async () => {
  const dir = mkdtempSync(join(temporary, 'erased-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const reader = runChild(reading, [module, dir])
  await until(() => reader.lines().includes('knows'), 20_000)
  await sleep(300)
  const eraser = runChild(erasing, [module, dir])
  await until(() => reader.lines().length === 2 && eraser.lines().length === 1, 20_000)
  const [lastMs, ...after] = JSON.parse(reader.lines()[1] ?? '') as [number, ...unknown[]]
  const lateMs = lastMs - Number(eraser.lines()[0])
  console.log(`an erased key was last served ${lateMs} ms after its erasure`)
  expect(lateMs).toBeLessThanOrEqual(erasureSeenWithinMs)
  // What was sealed does not open, nothing more is sealed, and the subject is somebody new.
  expect(after).toEqual([null, 'NoKey', true])
})
