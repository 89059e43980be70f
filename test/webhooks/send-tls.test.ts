import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import tls from 'node:tls'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sendWebhook } from '../../src/webhooks/send.ts'
import { newSecret } from '../../src/webhooks/sign.ts'
import { until } from '../support/waiting.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'))

/** Of `hooks.example`, signed by itself, until 2120; made for this test. */
const certificate = new X509Certificate(
  Buffer.from(
    'MIIBXDCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1ob29rcy5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIx' +
      'MjAwMTAxMDAwMDAwWjAYMRYwFAYDVQQDDA1ob29rcy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPGVvoI/QSiRb' +
      'o1XaC+PbisVc1vKjxPlkXgWU8QCUFR0mDnCEONqk12Hs5KrMfPVv5NmCXkEiwhM2wfM6WqaPJaM7MDkwGAYDVR0RBBEwD4INaG9v' +
      'a3MuZXhhbXBsZTAdBgNVHQ4EFgQUt0/sUD+mQgnggjE28n6pIiNPZbYwCgYIKoZIzj0EAwIDSAAwRQIgNL6pKXpwXnJS+UK7DQhR' +
      'zhvgtM4zLDDJaTRZRZzb+FcCIQCB+NWhiu9mWa1Rs0BmgFtSQ9GQWDk/Gi5bgY6hMXWYBQ==',
    'base64',
  ),
).toString()
const key = createPrivateKey({
  key: Buffer.from(
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQtm/uZjQmu4LGDS+y0R21oqgSO/KKELvRq5yPoRppHihRANCAAQ8' +
      'ZW+gj9BKJFujVdoL49uKxVzW8qPE+WReBZTxAJQVHSYOcIQ42qTXYezkqsx89W/k2YJeQSLCEzbB8zpapo8l',
    'base64',
  ),
  format: 'der',
  type: 'pkcs8',
}).export({ format: 'pem', type: 'pkcs8' })

const receiving = async (options: ServerOptions = {}, address = '127.0.0.1') => {
  const names: (string | false | undefined)[] = []
  const hosts: (string | undefined)[] = []
  const server = createServer({ cert: certificate, key, ...options }, (request, response) => {
    hosts.push(request.headers.host)
    response.end('safe')
  })
  server.on('secureConnection', (socket) => names.push((socket as tls.TLSSocket & { servername?: string }).servername))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { names, hosts, port: (server.address() as AddressInfo).port }
}

const send = (url: string) =>
  sendWebhook({
    url,
    body: '{}',
    id: 'msg_1',
    secrets: [newSecret()],
    nowMs: Date.now(),
    allowPrivate: true,
    timeoutMs: 5_000,
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  })

/** As if the system trusted it. */
const trusting = (): void => {
  const create = tls.createSecureContext
  const spy = vi
    .spyOn(tls, 'createSecureContext')
    .mockImplementation((options) => create({ ca: certificate, ...options }))
  onTestFinished(() => spy.mockRestore())
}

const failed = (error: string) => ({ outcome: 'failed', status: null, error, responseText: null })

describe('over TLS', () => {
  test.each(['hooks.example', 'hooks.example.'])('a webhook goes to %s, by this name', async (host) => {
    const { port, names, hosts } = await receiving()
    trusting()
    expect(await send(`https://${host}:${port}/`)).toMatchObject({ outcome: 'delivered', responseText: 'safe' })
    expect(names).toEqual(['hooks.example'])
    expect(hosts).toEqual([`${host}:${port}`])
  })

  test.skipIf(!hasIpv6)(
    'an address is no server name, with brackets or without (skipped where there is no IPv6)',
    async () => {
      const { port, names } = await receiving({ maxVersion: 'TLSv1.2' }, '::1')
      trusting()
      expect(await send(`https://[::1]:${port}/`)).toMatchObject(failed('no answer: ERR_TLS_CERT_ALTNAME_INVALID'))
      await until(() => names.length === 1)
      expect(names).toEqual([false])
    },
  )

  test('it does not go to one whom nobody trusts', async () => {
    const { port, hosts } = await receiving()
    expect(await send(`https://hooks.example:${port}/`)).toMatchObject(failed('no answer: DEPTH_ZERO_SELF_SIGNED_CERT'))
    expect(hosts).toEqual([])
  })

  test('nor does the environment make it so', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { port, hosts } = await receiving()
    expect(await send(`https://hooks.example:${port}/`)).toMatchObject(failed('no answer: DEPTH_ZERO_SELF_SIGNED_CERT'))
    expect(hosts).toEqual([])
  })

  test.each(['other.example', '127.0.0.1'])('nor to one with another name: %s', async (host) => {
    const { port, hosts } = await receiving()
    trusting()
    expect(await send(`https://${host}:${port}/`)).toMatchObject(failed('no answer: ERR_TLS_CERT_ALTNAME_INVALID'))
    expect(hosts).toEqual([])
  })

  test('nor to one that does not speak it', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.end('HTTP/1.1 200 OK\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { outcome, status, error } = await send(`https://hooks.example:${(server.address() as AddressInfo).port}/`)
    expect([outcome, status]).toEqual(['failed', null])
    expect(error).toMatch(/^no answer: (EPROTO|ERR_SSL_[A-Z_]+|ECONNRESET)$/)
  })
})
