import type { LookupAddress } from 'node:dns'
import { createServer, get, type IncomingMessage } from 'node:http'
import { type AddressInfo, isIP, type LookupFunction } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { AddressRefused, guardedLookup, pinnedLookup, resolveAllGuarded } from '../../src/net/guard.ts'

const addresses = (...found: string[]): LookupAddress[] => found.map((address) => ({ address, family: isIP(address) }))

/** Each call gets the next answer; the last one stays. */
const rebinding = (...answers: string[][]) => {
  let calls = 0
  const lookup = async () => addresses(...(answers[Math.min(calls++, answers.length - 1)] ?? []))
  return { lookup, calls: () => calls }
}

type Options = Parameters<LookupFunction>[1]
const asked = (lookup: LookupFunction, options: Options = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookup('example.com', options, (error, found, family) => {
      if (error) reject(error)
      else resolve(options.all ? found : { address: found, family })
    })
  })

const listening = async (): Promise<{ port: number; hosts: string[] }> => {
  const hosts: string[] = []
  const server = createServer((request, response) => {
    hosts.push(request.headers.host ?? '')
    response.end('here')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, hosts }
}

const fetched = (url: string, lookup: LookupFunction): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { lookup, agent: false }, (response) => {
      response.resume()
      resolve(response)
    }).on('error', reject)
  })

describe('a pinned lookup', () => {
  test('answers what was checked, though the name has moved since', async () => {
    const { lookup, calls } = rebinding(['8.8.8.8', '2606:4700::1111'], ['127.0.0.1'])
    const pinned = pinnedLookup(await resolveAllGuarded('http://example.com/', { allowPrivate: false, lookup }))
    for (const _ of [1, 2, 3]) {
      expect(await asked(pinned)).toEqual({ address: '8.8.8.8', family: 4 })
      expect(await asked(pinned, { all: true })).toEqual(addresses('8.8.8.8', '2606:4700::1111'))
    }
    expect(calls()).toBe(1)
  })

  test('answers the family that is asked for, and says so when there is none', async () => {
    const both = pinnedLookup(addresses('8.8.8.8', '2606:4700::1111'))
    expect(await asked(both, { family: 6 })).toEqual({ address: '2606:4700::1111', family: 6 })
    expect(await asked(both, { family: 'IPv6', all: true })).toEqual(addresses('2606:4700::1111'))
    expect(await asked(both, { family: 'IPv4' })).toEqual({ address: '8.8.8.8', family: 4 })
    expect(await asked(both, { family: 0, all: true })).toHaveLength(2)
    await expect(asked(pinnedLookup(addresses('8.8.8.8')), { family: 6 })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })

  test('leads a request to the address and leaves the name in its Host header', async () => {
    const { port, hosts } = await listening()
    const response = await fetched(`http://hooks.example:${port}/`, pinnedLookup(addresses('127.0.0.1')))
    expect(response.socket.remoteAddress).toBe('127.0.0.1')
    expect(hosts).toEqual([`hooks.example:${port}`])
  })
})

describe('a guarded lookup', () => {
  test('answers what is public', async () => {
    const lookup = guardedLookup({ allowPrivate: false, lookup: async () => addresses('8.8.8.8', '1.1.1.1') })
    expect(await asked(lookup)).toEqual({ address: '8.8.8.8', family: 4 })
    expect(await asked(lookup, { all: true })).toEqual(addresses('8.8.8.8', '1.1.1.1'))
  })

  test('refuses a name for an address of a family that was not asked for', async () => {
    const lookup = guardedLookup({ allowPrivate: false, lookup: async () => addresses('8.8.8.8', '::1') })
    await expect(asked(lookup, { family: 4 })).rejects.toBeInstanceOf(AddressRefused)
  })

  test('checks each time anew: a name that moves to this machine is refused before it is connected to', async () => {
    const { port, hosts } = await listening()
    const { lookup } = rebinding(['8.8.8.8'], ['127.0.0.1'])
    const guarded = guardedLookup({ allowPrivate: false, lookup })
    expect(await asked(guarded)).toEqual({ address: '8.8.8.8', family: 4 })
    await expect(fetched(`http://hooks.example:${port}/`, guarded)).rejects.toBeInstanceOf(AddressRefused)
    await expect(fetched(`http://localhost:${port}/`, guardedLookup({ allowPrivate: false }))).rejects.toBeInstanceOf(
      AddressRefused,
    )
    expect(hosts).toEqual([])
    await fetched(`http://localhost:${port}/`, guardedLookup({ allowPrivate: true }))
    expect(hosts).toEqual([`localhost:${port}`])
  })

  test('passes on that a name is unknown', async () => {
    const unknown = async (): Promise<never> => {
      throw Object.assign(new Error('unknown'), { code: 'EAI_AGAIN' })
    }
    await expect(asked(guardedLookup({ allowPrivate: true, lookup: unknown }))).rejects.toMatchObject({
      code: 'EAI_AGAIN',
    })
  })
})
