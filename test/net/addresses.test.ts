import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../src/net/addresses.ts'

const v4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
const v6 = (value: bigint): string =>
  Array.from({ length: 8 }, (_, group) => ((value >> BigInt(112 - 16 * group)) & 0xffffn).toString(16)).join(':')

/** All that has these leading bits: `[bits, of how many they are]`. */
const within4 = ([network, bits]: readonly [number, number]) =>
  fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((rest) => (network + rest) >>> 0)
const within6 = ([network, bits]: readonly [bigint, number]) =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(128 - bits)) - 1n }).map((rest) => network + rest)

const refused4: Record<string, readonly [number, number]> = {
  'this network': [0x00000000, 8],
  'RFC 1918, 10/8': [0x0a000000, 8],
  'RFC 1918, 172.16/12': [0xac100000, 12],
  'RFC 1918, 192.168/16': [0xc0a80000, 16],
  'RFC 6598 (CGNAT)': [0x64400000, 10],
  loopback: [0x7f000000, 8],
  'link-local': [0xa9fe0000, 16],
  'protocol assignments': [0xc0000000, 24],
  'TEST-NET-1': [0xc0000200, 24],
  'TEST-NET-2': [0xc6336400, 24],
  'TEST-NET-3': [0xcb007100, 24],
  'benchmark (RFC 2544)': [0xc6120000, 15],
  'the 6to4 relay': [0xc0586300, 24],
  multicast: [0xe0000000, 4],
  'reserved and broadcast': [0xf0000000, 4],
}
const isRefused4 = (value: number): boolean =>
  Object.values(refused4).some(([network, bits]) => value >= network && value < network + 2 ** (32 - bits))

const refused6: Record<string, readonly [bigint, number]> = {
  'IPv4-compatible, loopback and unspecified': [0n, 96],
  'IPv4-translated': [0xffff_0000n << 32n, 96],
  'local NAT64': [0x64_ff9b_0001n << 80n, 48],
  discard: [0x100n << 112n, 64],
  Teredo: [0x2001_0000n << 96n, 32],
  benchmark: [0x2001_0002_0000n << 80n, 48],
  ORCHID: [0x2001_0010n << 96n, 28],
  documentation: [0x2001_0db8n << 96n, 32],
  'documentation (RFC 9637)': [0x3fffn << 112n, 20],
  '6to4': [0x2002n << 112n, 16],
  'segment routing': [0x5f00n << 112n, 16],
  'unique-local': [0xfc00n << 112n, 7],
  'link-local': [0xfe80n << 112n, 10],
  'site-local': [0xfec0n << 112n, 10],
  multicast: [0xff00n << 112n, 8],
}
const mapped = (value: number): bigint => (0xffffn << 32n) + BigInt(value)
const nat64 = (value: number): bigint => (0x64_ff9bn << 96n) + BigInt(value)

describe('what is refused', () => {
  test.each(Object.entries(refused4))('%s, bare, mapped into IPv6 and behind NAT64', (_, range) => {
    const isRefused = fc.property(within4(range), (value) => {
      expect(kindOf(v4(value))).toBeDefined()
      const kind = kindOf(v4(value))
      const spellings = [v6(mapped(value)), `::ffff:${v4(value)}`, v6(nat64(value)), `64:ff9b::${v4(value)}`]
      expect(spellings.map(kindOf)).toEqual([kind, kind, kind, kind])
    })
    fc.assert(isRefused, { examples: [[range[0]], [range[0] + 2 ** (32 - range[1]) - 1]] })
  })

  test.each(Object.entries(refused6))('IPv6: %s', (_, range) => {
    const last = range[0] + (1n << BigInt(128 - range[1])) - 1n
    const isRefused = fc.property(within6(range), (value) => {
      expect(kindOf(v6(value))).toBeDefined()
      expect(kindOf(v6(value).toUpperCase())).toBeDefined()
      expect(kindOf(`${v6(value)}%eth0`)).toBeDefined()
    })
    fc.assert(isRefused, { examples: [[range[0]], [last]] })
  })

  test('all of IPv6 that has not been given out', () => {
    const isOutside = fc
      .bigInt({ min: 0n, max: (1n << 128n) - 1n })
      .filter(
        (value) => value >> 125n !== 1n && value >> 32n !== 0xffffn && value >> 32n !== 0x64_ff9b_0000_0000_0000_0000n,
      )
    fc.assert(
      fc.property(isOutside, (value) => {
        expect(kindOf(v6(value))).toBeDefined()
      }),
    )
  })

  test('whatever is no address', () => {
    const noAddress = fc.string().filter((text) => isIP(text.split('%')[0] ?? '') === 0)
    const examples: [string][] = [[''], ['localhost'], ['0x7f.1'], ['127.1'], ['010.0.0.1'], ['[::1]']]
    const isReserved = fc.property(noAddress, (text) => {
      expect(kindOf(text)).toBe('reserved')
    })
    fc.assert(isReserved, { examples })
  })

  test('with the word for it', () => {
    const words = {
      '0.0.0.0': 'unspecified',
      '::': 'unspecified',
      '127.8.8.8': 'loopback',
      '::1': 'loopback',
      '10.1.2.3': 'private',
      '100.127.255.255': 'private',
      'fd00:ec2::254': 'private',
      '169.254.169.254': 'link-local',
      'fe80::1%eth0': 'link-local',
      '239.255.255.250': 'multicast',
      'ff02::1': 'multicast',
      '203.0.113.9': 'documentation',
      '2001:db8::1': 'documentation',
      '198.19.0.1': 'benchmark',
      '2001:2::1': 'benchmark',
      '255.255.255.255': 'reserved',
      '2002:7f00:1::': 'reserved',
      '::127.0.0.1': 'reserved',
    }
    expect(Object.fromEntries(Object.keys(words).map((address) => [address, kindOf(address)]))).toEqual(words)
  })
})

describe('what is public', () => {
  test('every IPv4 address outside of these ranges, bare, mapped and behind NAT64', () => {
    const outside = fc.integer({ min: 0, max: 2 ** 32 - 1 }).filter((value) => !isRefused4(value))
    const edges = Object.values(refused4)
      .flatMap(([network, bits]) => [network - 1, network + 2 ** (32 - bits)])
      .filter((value) => value > 0 && value < 2 ** 32 && !isRefused4(value))
    const isPublic = fc.property(outside, (value) => {
      expect([v4(value), v6(mapped(value)), v6(nat64(value))].map(kindOf)).toEqual([undefined, undefined, undefined])
    })
    fc.assert(isPublic, { numRuns: 500, examples: edges.map((value): [number] => [value]) })
  })

  test.each(['2606:4700:4700::1111', '2a00:1450:4001:80e::200e', '2001:4860:4860::8888', '2001:200::1', '3ffe::1'])(
    'global unicast: %s',
    (address) => expect(kindOf(address)).toBeUndefined(),
  )
})
