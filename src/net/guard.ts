import { type LookupAddress, promises } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { kindOf } from './addresses.ts'

/** All addresses of a name; rejects as `dns.lookup` does when it has none. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

export interface Guard {
  /** Addresses that are not public may be called too. */
  readonly allowPrivate: boolean
  /** The system's resolver, unless told otherwise. */
  readonly lookup?: Lookup | undefined
}

/** Its message may be shown to whoever gave the URL: it tells the host's name and no address behind it. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly host: string
  readonly reason: string

  constructor(host: string, reason: string) {
    super(`${host} may not be called: ${reason}`)
    this.host = host
    this.reason = reason
  }
}

const systemLookup: Lookup = (host) => promises.lookup(host, { all: true })

const noAddress = (host: string): Error =>
  Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND', hostname: host })

/** One refused address refuses the name: the caller cannot choose which of them a connection takes. */
const addressesOf = async (host: string, { allowPrivate, lookup = systemLookup }: Guard): Promise<LookupAddress[]> => {
  const family = isIP(host)
  const found = family === 0 ? await lookup(host) : [{ address: host, family }]
  if (found.length === 0) throw noAddress(host)
  for (const { address } of allowPrivate ? [] : found) {
    const kind = kindOf(address)
    if (kind) throw new AddressRefused(host, `its address is ${kind}`)
  }
  return [...found]
}

const parsed = (url: string | URL): URL => {
  if (!URL.canParse(`${url}`)) throw new AddressRefused('the address', 'it is not a URL')
  return new URL(url)
}

/**
 * Every address of a URL's host, each of them checked; connect to these only, by `pinnedLookup`.
 * Throws AddressRefused, or the resolver's error (`ENOTFOUND`, `EAI_AGAIN`, …) when the name cannot be resolved.
 */
export const resolveAllGuarded = async (url: string | URL, guard: Guard): Promise<LookupAddress[]> => {
  const { protocol, username, password, hostname } = parsed(url)
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new AddressRefused(hostname || 'the address', 'only http and https are')
  }
  if (username !== '' || password !== '') throw new AddressRefused(hostname, 'its URL has credentials')
  return addressesOf(hostname.replace(/^\[|\]$/g, ''), guard)
}

/** The first of `resolveAllGuarded`, with its errors. */
export const resolveGuarded = async (url: string | URL, guard: Guard): Promise<LookupAddress> => {
  const [first] = await resolveAllGuarded(url, guard)
  if (!first) throw noAddress(parsed(url).hostname)
  return first
}

const isOf = (wanted: number | string | undefined) => {
  const family = wanted === 'IPv4' ? 4 : wanted === 'IPv6' ? 6 : (wanted ?? 0)
  return (each: LookupAddress): boolean => family === 0 || each.family === family
}

/** Node's form of a lookup, over addresses that a promise gives. */
const lookupOf =
  (find: (host: string) => Promise<readonly LookupAddress[]>): LookupFunction =>
  (host, { all, family }, callback) => {
    const answer = (found: readonly LookupAddress[]): void => {
      const wanted = found.filter(isOf(family))
      const [first] = wanted
      if (!first) callback(noAddress(host), '')
      else if (all) callback(null, wanted)
      else callback(null, first.address, first.family)
    }
    // Off the promise: what a callback throws is its caller's, and no rejection of ours.
    find(host).then(
      (found) => process.nextTick(answer, found),
      (error: NodeJS.ErrnoException) => process.nextTick(callback, error, ''),
    )
  }

/** For `lookup` of node's http, https, net or tls: the name of the URL resolves to what was checked, whatever DNS says. */
export const pinnedLookup = (addresses: readonly LookupAddress[]): LookupFunction => lookupOf(async () => addresses)

/**
 * For clients that take a `lookup` but follow URLs of their own: each name is resolved and checked as it is connected
 * to. Node asks no lookup for a literal address, so a URL from outside still needs `resolveGuarded` first.
 */
export const guardedLookup = (guard: Guard): LookupFunction => lookupOf((host) => addressesOf(host, guard))
