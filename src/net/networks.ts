import { BlockList, isIP } from 'node:net'

/** IPv4-mapped (RFC 4291 §2.5.5.2) and NAT64's well-known prefix (RFC 6052 §2.1): as good as the address inside. */
const carriers = ['::ffff:', '64:ff9b::'] as const

const bitsMax = { 4: 32, 6: 128 } as const

/** Whether an address, or a network as `ADDRESS/BITS` (RFC 4632, RFC 4291 §2.3). */
export const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if ((version !== 4 && version !== 6) || more.length > 0) return false
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= bitsMax[version])
}

/** The addresses in any of the networks. */
export const networksOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const isLong = isIP(address) === 6
    const bits = Number(prefix ?? bitsMax[isLong ? 6 : 4])
    if (isLong) {
      list.addSubnet(address, bits, 'ipv6')
      continue
    }
    list.addSubnet(address, bits, 'ipv4')
    for (const carrier of carriers) list.addSubnet(`${carrier}${address}`, 96 + bits, 'ipv6')
  }
  return list
}

/** Whether an address is in the list; what is none is in no list. */
export const isIn = (list: BlockList, address: string): boolean => {
  const version = isIP(address)
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
