import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressRefused, resolveGuarded } from '../../src/net/guard.ts'

const addresses = (...found: string[]): LookupAddress[] => found.map((address) => ({ address, family: isIP(address) }))
const resolvesTo =
  (...found: string[]) =>
  async () =>
    addresses(...found)
const publicName = { allowPrivate: false, lookup: resolvesTo('8.8.8.8') }
const neverAsked = async (): Promise<never> => {
  throw new Error('the resolver was asked')
}

const refusalOf = async (url: string | URL, guard: Parameters<typeof resolveGuarded>[1]): Promise<AddressRefused> => {
  const error = await resolveGuarded(url, guard).then(
    (address) => expect.fail(`${url} went through to ${address.address}`),
    (thrown: unknown) => thrown,
  )
  expect(error, `${url}: ${error}`).toBeInstanceOf(AddressRefused)
  return error as AddressRefused
}

describe('the URL', () => {
  test.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'data:text/plain,x',
    'ws://example.com/',
    'javascript:alert(1)',
  ])('%s is refused for its scheme', async (url) => {
    expect((await refusalOf(url, { ...publicName, allowPrivate: true })).message).toMatch(/only http and https are$/)
  })

  test.each(['http://user@example.com/', 'https://user:pass@example.com/', 'http://:pass@example.com/'])(
    '%s is refused for its credentials, which the message does not repeat',
    async (url) => {
      const { message } = await refusalOf(url, { ...publicName, allowPrivate: true })
      expect(message).toBe('example.com may not be called: its URL has credentials')
    },
  )

  test.each(['', 'example.com', '//example.com', 'http://', 'http://a b/', 'http://[::1', 'http://1.2.3.256/'])(
    '%j is none',
    async (url) => {
      expect((await refusalOf(url, publicName)).message).toBe('the address may not be called: it is not a URL')
    },
  )

  test('may be a URL object, with any port and path', async () => {
    const url = new URL('https://example.com:8443/a?b#c')
    expect(await resolveGuarded(url, publicName)).toEqual({ address: '8.8.8.8', family: 4 })
  })
})

const first = [0, 10 << 24, 127 << 24, 0xa9fea9fe, 0xac10_0001, 0xc0a8_0101, 0x6440_0001, 0xe000_0001, 0xffff_ffff]
const refused4 = fc.oneof(
  fc.constantFrom(...first.map((value) => value >>> 0)),
  fc.integer({ min: 0, max: 2 ** 24 - 1 }).map((rest) => 127 * 2 ** 24 + rest),
  fc.integer({ min: 0, max: 2 ** 24 - 1 }).map((rest) => 10 * 2 ** 24 + rest),
  fc.integer({ min: 0, max: 2 ** 16 - 1 }).map((rest) => 0xa9fe_0000 + rest),
)

/** What WHATWG URL §4.2 and the resolver of a browser or curl take for this address. */
const spellingsOf = (value: number): string[] => {
  const parts = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)
  const [a = 0, b = 0, c = 0, d = 0] = parts
  const hex = (each: number) => `0x${each.toString(16)}`
  const octal = (each: number) => `0${each.toString(8)}`
  const dotted = parts.join('.')
  const [high, low] = [a * 256 + b, c * 256 + d].map((each) => each.toString(16))
  return [
    dotted,
    `${value}`,
    hex(value),
    hex(value).toUpperCase(),
    octal(value),
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    parts.map(hex).join('.'),
    parts.map((each) => `0000${octal(each)}`).join('.'),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `${dotted}.`,
    `${hex(value)}.`,
    dotted.replaceAll('.', '。'),
    dotted.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    dotted.replaceAll(/\d/g, (digit) => `%3${digit}`),
    `[::ffff:${dotted}]`,
    `[::FFFF:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[64:ff9b::${dotted}]`,
    `[::${dotted}]`,
    `[2002:${high}:${low}::1]`,
  ]
}

describe('a literal address', () => {
  test('that is not public is refused in every spelling, and nobody asks the resolver', async () => {
    const isRefused = fc.asyncProperty(refused4, fc.constantFrom('http', 'https'), async (value, scheme) => {
      for (const host of spellingsOf(value)) {
        await refusalOf(`${scheme}://${host}/`, { allowPrivate: false, lookup: neverAsked })
      }
    })
    await fc.assert(isRefused)
  })

  test('goes through when private ones are allowed', async () => {
    const guard = { allowPrivate: true, lookup: neverAsked }
    expect(await resolveGuarded('http://0x7f.1:8080/', guard)).toEqual({ address: '127.0.0.1', family: 4 })
    expect(await resolveGuarded('http://[::1]/', guard)).toEqual({ address: '::1', family: 6 })
  })

  test('goes through when it is public', async () => {
    const guard = { allowPrivate: false, lookup: neverAsked }
    expect(await resolveGuarded('http://8.8.8.8/', guard)).toEqual({ address: '8.8.8.8', family: 4 })
    expect(await resolveGuarded('http://[2606:4700::1111]/', guard)).toEqual({ address: '2606:4700::1111', family: 6 })
  })
})

describe('a name', () => {
  test('is refused for any one of its addresses, wherever it stands', async () => {
    const refused = fc.constantFrom<string>(
      '127.0.0.1',
      '10.0.0.8',
      '169.254.169.254',
      '::1',
      'fd00::1',
      '::ffff:10.0.0.1',
    )
    const others = fc.array(fc.constantFrom<string>('8.8.8.8', '1.1.1.1', '2606:4700::1111'), { maxLength: 5 })
    const isRefused = fc.asyncProperty(others, refused, fc.nat(5), async (around, bad, at) => {
      const found = around.toSpliced(at, 0, bad)
      const { message } = await refusalOf('https://example.com/', { allowPrivate: false, lookup: resolvesTo(...found) })
      expect(message).toMatch(/^example\.com may not be called: its address is (loopback|private|link-local)$/)
    })
    await fc.assert(isRefused)
  })

  test('is asked for in the form that is connected to: lower-case, without a port, as punycode', async () => {
    const asked: string[] = []
    const lookup = async (host: string) => {
      asked.push(host)
      return addresses('8.8.8.8')
    }
    for (const host of ['EXAMPLE.com:8080', 'bücher.example', 'ｅxample.com', 'example.com.']) {
      await resolveGuarded(`http://${host}/`, { allowPrivate: false, lookup })
    }
    expect(asked).toEqual(['example.com', 'xn--bcher-kva.example', 'example.com', 'example.com.'])
  })

  test('of this machine is refused, by the system’s resolver', async () => {
    for (const host of ['localhost', 'LOCALHOST']) await refusalOf(`http://${host}/`, { allowPrivate: false })
    // Not every resolver knows it with the dot.
    await expect(resolveGuarded('http://localhost./', { allowPrivate: false })).rejects.toBeInstanceOf(Error)
    expect(['127.0.0.1', '::1']).toContain((await resolveGuarded('http://localhost/', { allowPrivate: true })).address)
  })

  test('without an address fails as an unknown one does, and is not refused', async () => {
    const lost = resolveGuarded('http://example.com/', { allowPrivate: false, lookup: resolvesTo() })
    await expect(lost).rejects.toMatchObject({ code: 'ENOTFOUND' })
    const unknown = resolveGuarded('http://no-such-name.invalid/', { allowPrivate: false })
    await expect(unknown).rejects.not.toBeInstanceOf(AddressRefused)
  })
})
