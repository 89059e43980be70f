import { describe, expect, test } from 'vitest'
import { isIn, isNetwork, networksOf } from '../../src/net/networks.ts'

describe('an address or a network', () => {
  test.each(['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '10.0.0.1/32', '::1', 'fd00::/8', '::/0', '2001:db8::1/128'])(
    'is %s',
    (text) => expect(isNetwork(text)).toBe(true),
  )

  test.each([
    '',
    'proxy',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '::/129',
  ])('is not "%s"', (text) => expect(isNetwork(text)).toBe(false))
})

describe('a list of networks has', () => {
  const list = networksOf(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8::1'])

  test.each([
    '10.0.0.0',
    '10.255.255.255',
    '192.0.2.7',
    'fd00::1',
    '2001:db8::1',
    '::ffff:10.1.1.1',
    '64:ff9b::a01:101',
  ])('%s', (address) => expect(isIn(list, address)).toBe(true))

  test.each(['11.0.0.0', '192.0.2.8', 'fe80::1', '2001:db8::2', '::ffff:11.1.1.1', 'no address', ''])(
    'not "%s"',
    (address) => expect(isIn(list, address)).toBe(false),
  )
})
