import { isIP } from 'node:net'
import { isIn, networksOf } from './networks.ts'

/**
 * The IANA special-purpose registries (RFC 6890 and what has been added since). 6to4, Teredo and the IPv4-compatible
 * and -translated forms are reserved as a whole: nobody answers there any more, and each can carry a private address.
 * A network's own NAT64 prefix (RFC 6052 §2.2) cannot be told from other addresses.
 */
const ranges = [
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['documentation', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20']],
  ['benchmark', ['198.18.0.0/15', '2001:2::/48']],
  ['reserved', ['192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '2001::/23', '2002::/16']],
] as const

/** Why an address is not one of the public internet's. */
export type AddressKind = (typeof ranges)[number][0]

const kinds = ranges.map(([kind, subnets]) => ({ kind, list: networksOf(subnets) }))

/** What of IPv6 can be public at all: global unicast (RFC 4291 §2.4, IANA 2000::/3) and what carries IPv4. */
const public6 = networksOf(['2000::/3', '::ffff:0:0/96', '64:ff9b::/96'])

/** The kind of a literal address, and undefined for a public one. What is no address counts as reserved. */
export const kindOf = (address: string): AddressKind | undefined => {
  const [bare = ''] = address.split('%', 1)
  const version = isIP(bare)
  if (version === 0) return 'reserved'
  const found = kinds.find(({ list }) => isIn(list, bare))
  if (found) return found.kind
  return version === 4 || isIn(public6, bare) ? undefined : 'reserved'
}
