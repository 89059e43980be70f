import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientAddress } from '../../src/net/client-address.ts'

const proxies = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']
const of = clientAddress(proxies)

describe('a call comes from', () => {
  test.each([
    ['its peer, where no header tells more', '10.1.2.3', undefined, '10.1.2.3'],
    ['its peer, where that is no proxy of ours', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['whom our proxy names', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['whom the first of our proxies names', '192.0.2.7', '198.51.100.1, 10.9.9.9,10.1.1.1', '198.51.100.1'],
    ['not whom the client itself names', '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['the first of our proxies, where there are only such', '10.1.2.3', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['our proxy, where it names nobody', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['our proxy, where what stands before it is no address', '10.1.2.3', '1.1.1.1, _hidden, 10.5.5.5', '10.5.5.5'],
    ['our proxy, where the header is empty', '10.1.2.3', '', '10.1.2.3'],
    ['our proxy, where the header is only commas', '10.1.2.3', ' , ,', '10.1.2.3'],
    ['an address that is named with its port', '10.1.2.3', '198.51.100.1:4711', '198.51.100.1'],
    ['an address of IPv6', '2001:db8::1', '2001:4860::8888', '2001:4860::8888'],
    ['an address of IPv6 with its port', '2001:db8::1', '[2001:4860::8888]:443', '2001:4860::8888'],
    ['whom our proxy names, seen by way of IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['its peer, where that has no address', 'no address', '198.51.100.1', 'no address'],
  ])('%s', (_, peer, header, from) => {
    expect(of(peer, header)).toBe(from)
  })

  test('its peer alone, where no proxy is trusted', () => {
    const plain = clientAddress([])
    fc.assert(fc.property(fc.ipV4(), fc.string(), (peer, header) => plain(peer, header) === peer))
  })

  test('no address that somebody else than a trusted proxy has written', () => {
    const outside = fc.ipV4().filter((address) => !address.startsWith('10.') && address !== '192.0.2.7')
    fc.assert(
      fc.property(outside, fc.array(fc.oneof(fc.ipV4(), fc.string())), (client, forged) => {
        expect(of('10.1.2.3', [...forged, client].join(', '))).toBe(client)
      }),
    )
  })
})
