import { describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config.ts'
import { cosigner, noteSigner } from '../../src/evidence/note.ts'

const keyOf = (name: string, seed: number) => cosigner(name, Buffer.alloc(32, seed), () => 0).vkey
const [one, two] = [keyOf('w.example/one', 1), keyOf('w.example/two', 2)]
const url = 'https://w.example'
const witnesses = `${one}=${url}/1,${two}=${url}/2`

const problemOf = (env: Record<string, string>): string => {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('WITNESSES', () => {
  test('names each by its key and its address; without it there are none', () => {
    const { witnesses: found, witnessQuorum } = loadConfig({ WITNESSES: witnesses })
    expect(found.map(({ key, url: at }) => [key.name, at])).toEqual([
      ['w.example/one', `${url}/1`],
      ['w.example/two', `${url}/2`],
    ])
    expect(witnessQuorum).toBe(2)
    expect(loadConfig({})).toMatchObject({ witnesses: [], witnessQuorum: 0 })
  })

  test('may have an equals sign in an address', () => {
    expect(loadConfig({ WITNESSES: `${one}=${url}/?a=b` }).witnesses[0]?.url).toBe(`${url}/?a=b`)
  })

  test.each([
    ['a key without an address', one, `'${one}' is not VKEY=URL`],
    ['an address without a key', `=${url}`, '"" is not a verifier key: name+id+base64'],
    ['an address of another scheme', `${one}=ftp://w.example`, `'${one}=ftp://w.example' is not VKEY=URL`],
    ['an address without a host', `${one}=https://`, `'${one}=https://' is not VKEY=URL`],
    ['what is no key', `w.example=${url}`, '"w.example" is not a verifier key: name+id+base64'],
    ['a key with another id', `${one.replace(/\+\w{8}\+/, '+00000000+')}=${url}`, 'does not have the id 00000000'],
    [
      'the key of a log',
      `${noteSigner('box/acme', Buffer.alloc(32, 1)).vkey}=${url}`,
      'the key of box/acme is not that of a witness',
    ],
    ['one name twice', `${one}=${url},${keyOf('w.example/one', 3)}=${url}`, 'two witnesses are called w.example/one'],
    ['a bad one after a good one', `${one}=${url},nonsense`, "'nonsense' is not VKEY=URL"],
  ])('is refused by its name for %s', (_, text, said) => {
    const problem = problemOf({ WITNESSES: text })
    expect(problem).toContain(said)
    expect(problem).toMatch(/^WITNESSES: /)
  })
})

describe('WITNESS_QUORUM', () => {
  test('says how many of them it takes', () => {
    expect(loadConfig({ WITNESSES: witnesses, WITNESS_QUORUM: '1' }).witnessQuorum).toBe(1)
    expect(loadConfig({ WITNESSES: witnesses, WITNESS_QUORUM: '2' }).witnessQuorum).toBe(2)
  })

  test.each([
    ['3', 'WITNESS_QUORUM: 3 is more than the 2 of WITNESSES'],
    ['0', 'WITNESS_QUORUM: must be from 1 to 64'],
    ['-1', 'WITNESS_QUORUM: must be a whole number'],
    ['1.5', 'WITNESS_QUORUM: must be a whole number'],
    ['all', 'WITNESS_QUORUM: must be a whole number'],
  ])('is refused by its name when it is %s', (quorum, said) => {
    expect(problemOf({ WITNESSES: witnesses, WITNESS_QUORUM: quorum })).toBe(said)
  })

  test('without witnesses is refused, since nothing could ever be witnessed', () => {
    expect(problemOf({ WITNESS_QUORUM: '1' })).toBe('WITNESS_QUORUM: 1 is more than the 0 of WITNESSES')
  })
})
