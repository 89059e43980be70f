import { isIP } from 'node:net'
import { isIn, networksOf } from './networks.ts'

const withPort = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/

/**
 * Where a call comes from, given the address of the peer and the header X-Forwarded-For: the last address that no proxy
 * of `proxies` (addresses and networks) has. What others than they have written into the header is nobody's word.
 */
export const clientAddress = (proxies: readonly string[]): ((peer: string, forwardedFor?: string) => string) => {
  const trusted = networksOf(proxies)
  return (peer, forwardedFor = '') => {
    let address = peer
    for (const told of forwardedFor.split(',').reverse()) {
      if (!isIn(trusted, address)) break
      const [, long, short] = withPort.exec(told.trim()) ?? []
      const before = long ?? short ?? told.trim()
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}
