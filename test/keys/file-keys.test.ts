import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SubjectKeys } from '../../src/app/ports/subject-keys.ts'
import { isPseudonym } from '../../src/domain/sealed.ts'
import { erasureSeenWithinMs, openFileKeys } from '../../src/keys/file-keys.ts'
import { sleep } from '../support/waiting.ts'

const issuer = 'https://issuer.example'
const alice = { issuer, subject: 'alice@example.org' }
const bob = { issuer, subject: 'bob@example.org' }

const newDir = (): string => {
  const parent = mkdtempSync(join(tmpdir(), 'ledgerline-keys-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'keys', 'subjects')
}

/** Paths below a directory, from it on. */
const below = (dir: string) => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()
const isFile = (dir: string) => (path: string) => statSync(join(dir, path)).isFile()
const filesIn = (dir: string, folder = '') => below(dir).filter((path) => path.startsWith(folder) && isFile(dir)(path))
const keyFile = (dir: string, pseudonym: string) =>
  join(dir, filesIn(dir).find((path) => path.endsWith(pseudonym)) ?? 'no such file')

describe('a subject', () => {
  test('has the same pseudonym and key over restarts', async () => {
    const dir = newDir()
    const first = await openFileKeys(dir)
    const pseudonym = await first.pseudonymOf(alice)
    const key = await first.keyOf(pseudonym)
    expect(isPseudonym(pseudonym)).toBe(true)
    expect(key).toHaveLength(32)
    const second = await openFileKeys(dir)
    expect(await second.pseudonymOf(alice)).toBe(pseudonym)
    expect(await second.keyOf(pseudonym)).toEqual(key)
    expect(await first.pseudonymOf({ ...alice })).toBe(pseudonym)
  })

  test('is told from every other, however their names are cut or spelled', async () => {
    const keys = await openFileKeys(newDir())
    const subjects = [
      alice,
      bob,
      { issuer: `${issuer}/`, subject: alice.subject },
      { issuer: 'ab', subject: 'c' },
      { issuer: 'a', subject: 'bc' },
      { issuer: '', subject: 'abc' },
      { issuer: 'abc', subject: '' },
      { issuer: 'a', subject: '\ud800' },
      { issuer: 'a', subject: '\ud801' },
      { issuer: 'a', subject: '\ufffd' },
    ]
    const pseudonyms = await Promise.all(subjects.map((subject) => keys.pseudonymOf(subject)))
    expect(new Set(pseudonyms).size).toBe(subjects.length)
    const drawn = await Promise.all(pseudonyms.map((pseudonym) => keys.keyOf(pseudonym)))
    expect(new Set(drawn.map((key) => key?.toString('hex'))).size).toBe(subjects.length)
  })

  test('that was erased has no key any more, and comes again under another pseudonym', async () => {
    const dir = newDir()
    const keys = await openFileKeys(dir)
    const before = await keys.pseudonymOf(alice)
    const bobs = await keys.pseudonymOf(bob)
    const key = (await keys.keyOf(before))?.toString('base64') ?? 'no key'
    const holdsKey = (path: string) => readFileSync(join(dir, path), 'utf8').includes(key)
    expect(filesIn(dir).filter(holdsKey)).toHaveLength(1)
    await keys.erase(before)
    expect(filesIn(dir).filter(holdsKey)).toEqual([])
    expect(await keys.keyOf(before)).toBeNull()
    expect(readFileSync(keyFile(dir, before), 'utf8')).toBe('{"version":1,"key":null}')
    expect(filesIn(dir, 'by-subject')).toHaveLength(1)
    await keys.erase(before)

    const after = await keys.pseudonymOf(alice)
    expect(after).not.toBe(before)
    expect(await keys.keyOf(after)).toHaveLength(32)
    expect(await keys.pseudonymOf(bob)).toBe(bobs)
    const restarted = await openFileKeys(dir)
    expect(await restarted.keyOf(before)).toBeNull()
    expect(await restarted.pseudonymOf(alice)).toBe(after)
  })

  test.each(['system', '', '../../store.key', `p-${'a'.repeat(26)}`])(
    '%j that is not known has no key',
    async (name) => {
      const keys = await openFileKeys(newDir())
      expect(await keys.keyOf(name)).toBeNull()
      await keys.erase(name)
    },
  )

  test('whose erasure was broken off is erased: the next to ask ends it', async () => {
    const dir = newDir()
    const keys = await openFileKeys(dir)
    const [first, second] = [await keys.pseudonymOf(alice), await keys.pseudonymOf(bob)]
    for (const pseudonym of [first, second]) {
      const path = keyFile(dir, pseudonym)
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), key: null }))
    }
    const next = await openFileKeys(dir)
    expect(await next.keyOf(first)).toBeNull()
    expect(await next.pseudonymOf(alice)).not.toBe(first)
    await next.erase(second)
    expect(filesIn(dir, 'by-subject')).toHaveLength(1)
    expect(readFileSync(keyFile(dir, second), 'utf8')).not.toContain('subject')
  })
})

describe('two that share a directory', () => {
  test('agree on 50 new subjects that both meet at once, and leave no key that nobody has', async () => {
    const dir = newDir()
    const [left, right] = await Promise.all([openFileKeys(dir), openFileKeys(dir)])
    const subjects = Array.from({ length: 50 }, (_, number) => ({ issuer, subject: `user-${number}` }))
    const asked = (keys: SubjectKeys) => Promise.all(subjects.map((subject) => keys.pseudonymOf(subject)))
    const [ofLeft, again, ofRight] = await Promise.all([asked(left), asked(left), asked(right)])
    expect(ofRight).toEqual(ofLeft)
    expect(again).toEqual(ofLeft)
    expect(new Set(ofLeft).size).toBe(50)
    for (const pseudonym of ofLeft) expect(await left.keyOf(pseudonym)).toEqual(await right.keyOf(pseudonym))
    expect(filesIn(dir, 'by-subject')).toHaveLength(50)
    expect(filesIn(dir, 'by-pseudonym')).toHaveLength(50)
    expect(filesIn(dir, 'tmp')).toEqual([])
  })

  test('both see an erasure by one of them, within the bound', async () => {
    const dir = newDir()
    const [left, right] = [await openFileKeys(dir), await openFileKeys(dir)]
    const pseudonym = await left.pseudonymOf(alice)
    expect(await right.pseudonymOf(alice)).toBe(pseudonym)
    expect(await right.keyOf(pseudonym)).toHaveLength(32)
    await left.erase(pseudonym)
    const next = await left.pseudonymOf(alice)
    await sleep(erasureSeenWithinMs + 10)
    expect(await right.keyOf(pseudonym)).toBeNull()
    expect(await right.pseudonymOf(alice)).toBe(next)
    expect(next).not.toBe(pseudonym)
  })

  test('both erase the same subject, and it comes again to both under one new pseudonym', async () => {
    const dir = newDir()
    const [left, right] = [await openFileKeys(dir), await openFileKeys(dir)]
    for (let round = 0; round < 10; round += 1) {
      const pseudonym = await left.pseudonymOf(alice)
      await Promise.all([left.erase(pseudonym), right.erase(pseudonym)])
      const [ofLeft, ofRight] = await Promise.all([left.pseudonymOf(alice), right.pseudonymOf(alice)])
      expect(ofRight).toBe(ofLeft)
      expect(ofLeft).not.toBe(pseudonym)
    }
  })

  test('go on with a known key when its time is over and nothing has changed', async () => {
    const keys = await openFileKeys(newDir())
    const pseudonym = await keys.pseudonymOf(alice)
    const key = await keys.keyOf(pseudonym)
    await sleep(erasureSeenWithinMs + 10)
    expect(await keys.pseudonymOf(alice)).toBe(pseudonym)
    expect(await keys.keyOf(pseudonym)).toEqual(key)
  })
})

describe('the directory', () => {
  test('is for its owner only: directories 0700, files 0600', async () => {
    const dir = newDir()
    const keys = await openFileKeys(dir)
    await keys.erase(await keys.pseudonymOf(alice))
    await keys.pseudonymOf(bob)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(filesIn(dir)).toHaveLength(4)
    for (const path of below(dir)) {
      const modeOf = statSync(join(dir, path)).mode & 0o777
      expect([path, modeOf]).toEqual([path, isFile(dir)(path) ? 0o600 : 0o700])
    }
  })

  test('names nobody, in no file and in no name', async () => {
    const dir = newDir()
    const keys = await openFileKeys(dir)
    await keys.pseudonymOf(alice)
    await keys.erase(await keys.pseudonymOf(bob))
    const everything = filesIn(dir).map((path) => `${path}\n${readFileSync(join(dir, path), 'latin1')}`)
    expect(everything.length).toBeGreaterThan(3)
    for (const name of ['alice', 'bob', 'example', 'issuer']) {
      for (const encoding of ['utf8', 'utf16le', 'base64', 'hex'] as const) {
        const written = Buffer.from(name).toString(encoding === 'utf16le' ? 'utf8' : encoding)
        const needle = encoding === 'utf16le' ? Buffer.from(name, 'utf16le').toString('latin1') : written
        expect(everything.filter((text) => text.includes(needle.replace(/=+$/, '')))).toEqual([])
      }
    }
  })

  test('is rid of what a killed process left unfinished, once it is old', async () => {
    const dir = newDir()
    await openFileKeys(dir)
    writeFileSync(join(dir, 'tmp', 'old'), 'half')
    const realNow = Date.now
    onTestFinished(() => {
      Date.now = realNow
    })
    await openFileKeys(dir)
    expect(filesIn(dir, 'tmp')).toHaveLength(1)
    Date.now = () => realNow() + 3_700_000
    await openFileKeys(dir)
    expect(filesIn(dir, 'tmp')).toEqual([])
  })
})
