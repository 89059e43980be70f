import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SubjectKeys } from '../../src/app/ports/subject-keys.ts'
import { isSealed, parseSealed } from '../../src/domain/sealed.ts'
import { erasureSeenWithinMs, openFileKeys } from '../../src/keys/file-keys.ts'
import { NoKey, Sealer, TamperedSeal } from '../../src/keys/sealing.ts'
import { sleep } from '../support/waiting.ts'

const issuer = 'https://issuer.example'
const address = '203.0.113.7'
const dir = mkdtempSync(join(tmpdir(), 'ledgerline-keys-'))
let keys: SubjectKeys
let sealer: Sealer
let alice: string
let bob: string

beforeAll(async () => {
  keys = await openFileKeys(dir)
  sealer = new Sealer(keys)
  alice = await keys.pseudonymOf({ issuer, subject: 'alice' })
  bob = await keys.pseudonymOf({ issuer, subject: 'bob' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const anyString = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)

describe('a sealed value', () => {
  test('opens as what was sealed, whatever the string', async () => {
    const examples: [string][] = [
      [''],
      [address],
      ['\ufeffBOM'],
      ['\ud800'],
      ['\udfff\ud800 x'],
      ['ÿ'],
      ['x'.repeat(9_999)],
    ]
    const opensAgain = fc.asyncProperty(anyString, async (value) => {
      const sealed = await sealer.seal(alice, value)
      expect(isSealed(sealed)).toBe(true)
      expect(await sealer.open(sealed)).toBe(value)
    })
    await fc.assert(opensAgain, { examples })
  })

  test('shows the pseudonym and nothing of the value', async () => {
    const sealed = await sealer.seal(alice, address)
    expect(parseSealed(sealed)?.pseudonym).toBe(alice)
    expect(sealed).not.toContain(address)
    expect(Buffer.from(parseSealed(sealed)?.payload ?? '', 'base64url').includes(address)).toBe(false)
  })

  test('does not open once any of its characters is another', async () => {
    const sealed = await sealer.seal(alice, address)
    const at = fc.nat({ max: sealed.length - 1 })
    const character = fc.constantFrom(...'abcxyzABCXYZ0234567-_:=. ')
    const found = fc.asyncProperty(at, character, async (index, other) => {
      fc.pre(sealed[index] !== other)
      const tampered = sealed.slice(0, index) + other + sealed.slice(index + 1)
      const stillNamesHer = parseSealed(tampered)?.pseudonym === alice
      // A pseudonym that nobody has cannot be told from one whose key was lost.
      if (parseSealed(tampered) && !stillNamesHer) expect(await sealer.open(tampered)).toBeNull()
      else await expect(sealer.open(tampered)).rejects.toThrow(TamperedSeal)
    })
    await fc.assert(found, { numRuns: 2_000 })
  })

  test('does not open once any of its bytes is another, or is missing, or is one too many', async () => {
    const payload = Buffer.from(parseSealed(await sealer.seal(alice, address))?.payload ?? '', 'base64url')
    const refuses = (bytes: Buffer) =>
      expect(sealer.open(`sealed:1:${alice}:${bytes.toString('base64url')}`)).rejects.toThrow(TamperedSeal)
    const byteAt = fc.nat({ max: payload.length - 1 })
    const found = fc.asyncProperty(byteAt, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      await refuses(Buffer.from(payload.map((byte, index) => (index === at ? byte ^ flip : byte))))
    })
    await fc.assert(found, { numRuns: 1_000 })
    for (let length = 0; length < payload.length; length += 1) await refuses(payload.subarray(0, length))
    await refuses(Buffer.concat([payload, Buffer.of(0)]))
  })

  test("does not open under another subject's name", async () => {
    const sealed = await sealer.seal(alice, address)
    await expect(sealer.open(sealed.replace(alice, bob))).rejects.toThrow(TamperedSeal)
    const oneKey: SubjectKeys = { ...keys, keyOf: () => keys.keyOf(alice) }
    await expect(new Sealer(oneKey).open(sealed.replace(alice, bob))).rejects.toThrow(TamperedSeal)
    expect(await new Sealer(oneKey).open(sealed)).toBe(address)
  })

  test('is written in one way only', async () => {
    const values = Array.from({ length: 6 }, (_, length) => 'x'.repeat(length))
    for (const value of values) {
      const sealed = await sealer.seal(alice, value)
      const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
        .map((last) => sealed.slice(0, -1) + last)
        .filter((other) => other !== sealed)
      for (const other of [...others, `${sealed}=`, `${sealed}\n`, ` ${sealed}`]) {
        await expect(sealer.open(other)).rejects.toThrow(TamperedSeal)
      }
    }
  })

  test('may be of many megabytes', async () => {
    const value = 'x'.repeat(8_000_000)
    expect((await sealer.open(await sealer.seal(alice, value))) === value).toBe(true)
  })

  test('tells no value when it is refused', async () => {
    await expect(sealer.open(`${address} of alice`)).rejects.toThrow(/^this is not a sealed value$/)
  })
})

describe('sealing again', () => {
  test('gives the same text for half a minute to a minute, and another subject another text', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const sealer = new Sealer(keys)
      const sealed = await sealer.seal(alice, 'again')
      expect(await sealer.seal(alice, 'again')).toBe(sealed)
      expect(await sealer.seal(bob, 'again')).not.toBe(sealed)
      expect(await sealer.seal(alice, 'other')).not.toBe(sealed)
      vi.advanceTimersByTime(30_000)
      expect(await sealer.seal(alice, 'again')).toBe(sealed)
      vi.advanceTimersByTime(30_000)
      expect(await sealer.seal(alice, 'again')).not.toBe(sealed)
    } finally {
      vi.useRealTimers()
    }
  })

  test('never uses an iv twice', async () => {
    const fresh = () => new Sealer(keys).seal(alice, 'again')
    const sealed = await Promise.all(Array.from({ length: 1_000 }, fresh))
    expect(new Set(sealed.map((text) => parseSealed(text)?.payload.slice(0, 16))).size).toBe(1_000)
  })
})

describe('a subject that was erased', () => {
  test('has values that open as null, and none can be sealed for it', async () => {
    const carol = await keys.pseudonymOf({ issuer, subject: 'carol' })
    const sealed = await sealer.seal(carol, address)
    await keys.erase(carol)
    expect(await sealer.open(sealed)).toBeNull()
    const error = await sealer.seal(carol, address).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NoKey)
    expect(`${error}`).toContain(carol)
    expect(`${error}`).not.toContain(address)
    expect(await sealer.seal(alice, address)).toMatch(/^sealed:1:/)
  })

  test('has no value in memory any more, and nobody else has less', async () => {
    const [before, others] = [await sealer.seal(alice, 'kept'), await sealer.seal(bob, 'kept')]
    sealer.forget(alice)
    expect(await sealer.seal(alice, 'kept')).not.toBe(before)
    expect(await sealer.seal(bob, 'kept')).toBe(others)
  })

  test('is so in another process too, within the bound', async () => {
    const other = await openFileKeys(dir)
    const elsewhere = new Sealer(other)
    const dave = await keys.pseudonymOf({ issuer, subject: 'dave' })
    const sealed = await elsewhere.seal(dave, address)
    expect(await elsewhere.open(sealed)).toBe(address)
    await keys.erase(dave)
    await sleep(erasureSeenWithinMs + 10)
    expect(await elsewhere.open(sealed)).toBeNull()
    await expect(elsewhere.seal(dave, address)).rejects.toThrow(NoKey)
  })
})
