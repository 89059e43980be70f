import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sendWebhook } from '../../src/webhooks/send.ts'
import { newSecret } from '../../src/webhooks/sign.ts'

const secrets = [newSecret(), newSecret()]
const body = JSON.stringify({ event: 'PIPELINE_COMPLETED', run_id: 'run_abc123', status: 'SUCCESS', name: 'Zoë' })
const resolvesTo =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: isIP(address) }))

interface Received {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers so; the port may be one that another has on another address. */
const receiving = async (answer: RequestListener, host = '127.0.0.1', port = 0) => {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request
    received.push({ method, path, headers, body: await text(request) })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port: bound } = server.address() as AddressInfo
  return { received, port: bound, url: `http://${host}:${bound}/hooks?a=b` }
}

const send = (url: string, more: Partial<Parameters<typeof sendWebhook>[0]> = {}) =>
  sendWebhook({ url, body, id: 'msg_1', secrets, nowMs: Date.now(), allowPrivate: true, timeoutMs: 5_000, ...more })

const answering = (status: number, headers: Record<string, string> = {}, content = '') =>
  receiving((_, response) => response.writeHead(status, headers).end(content))

describe('a webhook', () => {
  test('arrives as a signed POST that the reference library verifies with each secret', async () => {
    const { url, received } = await answering(200, {}, 'thanks')
    const attempt = await send(url)
    expect(attempt).toEqual({
      outcome: 'delivered',
      status: 200,
      durationMs: expect.any(Number),
      error: null,
      responseText: 'thanks',
      retryAfterMs: null,
    })
    expect(received).toHaveLength(1)
    const [{ method, path, headers, body: arrived } = expect.fail()] = received
    expect([method, path, arrived]).toEqual(['POST', '/hooks?a=b', body])
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(body)}`,
      'user-agent': 'Ledgerline',
      'webhook-id': 'msg_1',
    })
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(arrived, headers as Record<string, string>)).toEqual(JSON.parse(body))
    }
  })

  test('carries the time of its attempt, in whole seconds', async () => {
    const { url, received } = await answering(204)
    await send(url, { nowMs: 1_700_000_000_999 })
    expect(received[0]?.headers['webhook-timestamp']).toBe('1700000000')
  })

  test.each([200, 201, 202, 204, 299])('is delivered with a %d', async (status) => {
    const { url } = await answering(status)
    expect(await send(url)).toMatchObject({ outcome: 'delivered', status, error: null, responseText: '' })
  })

  test.each([400, 401, 404, 408, 429, 500, 502, 503, 599])('has failed with a %d', async (status) => {
    const { url } = await answering(status, {}, 'sorry')
    const failed = { outcome: 'failed', status, error: `answered ${status}`, responseText: 'sorry', retryAfterMs: null }
    expect(await send(url)).toMatchObject(failed)
  })

  test.each([300, 301, 302, 303, 307, 308])('has failed with a %d, which is not followed', async (status) => {
    const elsewhere = await answering(200)
    const { url, received } = await answering(status, { location: elsewhere.url })
    const error = `answered ${status}, and redirects are not followed`
    expect(await send(url)).toMatchObject({ outcome: 'failed', status, error })
    expect([received.length, elsewhere.received.length]).toEqual([1, 0])
  })

  test('is gone with a 410', async () => {
    const { url } = await answering(410)
    expect(await send(url)).toMatchObject({ outcome: 'gone', status: 410, error: 'answered 410' })
  })

  test('is not signed with what is no secret', async () => {
    const { url, received } = await answering(200)
    await expect(send(url, { secrets: ['x'] })).rejects.toThrow('a webhook secret is')
    expect(received).toEqual([])
  })
})

describe('Retry-After', () => {
  test.each([429, 503, 500, 301])('is heeded on a %d, in seconds', async (status) => {
    const { url } = await answering(status, { 'retry-after': '120' })
    expect(await send(url)).toMatchObject({ outcome: 'failed', status, retryAfterMs: 120_000 })
  })

  test('is heeded as a date, counted from when the answer came', async () => {
    const nowMs = Math.floor(Date.now() / 1_000) * 1_000
    const { url } = await answering(503, { 'retry-after': new Date(nowMs + 60_000).toUTCString() })
    const { retryAfterMs, durationMs } = await send(url, { nowMs })
    expect(retryAfterMs).toBeLessThanOrEqual(60_000)
    expect(retryAfterMs).toBeGreaterThanOrEqual(60_000 - durationMs)
  })

  test('says nothing when all is well, or when it cannot be read', async () => {
    expect(await send((await answering(200, { 'retry-after': '120' })).url)).toMatchObject({ retryAfterMs: null })
    expect(await send((await answering(429, { 'retry-after': 'soon' })).url)).toMatchObject({ retryAfterMs: null })
  })
})

describe('the guard', () => {
  test('refuses what is private, and nothing is sent', async () => {
    const { url, port, received } = await answering(200)
    const refused = { outcome: 'refused', status: null, responseText: null, retryAfterMs: null }
    expect(await send(url, { allowPrivate: false })).toMatchObject({
      ...refused,
      error: '127.0.0.1 may not be called: its address is loopback',
    })
    const names = [`http://localhost:${port}/`, `http://2130706433:${port}/`, `http://[::ffff:7f00:1]:${port}/`]
    for (const name of names) expect(await send(name, { allowPrivate: false })).toMatchObject(refused)
    expect(received).toEqual([])
  })

  test.each(['nonsense', 'ftp://example.com/', 'http://me:secret@example.com/'])('refuses %s', async (url) => {
    const attempt = await send(url)
    expect(attempt.outcome).toBe('refused')
    expect(attempt.error).not.toContain('secret')
  })

  test('lets a name resolve once: what it turns into meanwhile is not connected to', async () => {
    const checked = await answering(200)
    const other = await receiving((_, response) => response.end(), '127.0.0.2', checked.port)
    const answers = ['127.0.0.1', '127.0.0.2']
    const lookup = () => resolvesTo(answers.shift() ?? expect.fail('asked too often'))()
    expect(await send(`http://hooks.example:${checked.port}/`, { lookup })).toMatchObject({ outcome: 'delivered' })
    expect([checked.received.length, other.received.length, answers]).toEqual([1, 0, ['127.0.0.2']])
    expect(checked.received[0]?.headers.host).toBe(`hooks.example:${checked.port}`)
  })

  test('refuses a name with a public and a private address, and tells neither', async () => {
    const { port, received } = await answering(200)
    const lookup = resolvesTo('8.8.8.8', '127.0.0.1')
    const attempt = await send(`http://hooks.example:${port}/`, { allowPrivate: false, lookup })
    expect(attempt).toMatchObject({
      outcome: 'refused',
      error: 'hooks.example may not be called: its address is loopback',
    })
    expect(received).toEqual([])
  })

  test('leaves the choice among a name’s addresses to what answers', async () => {
    const { port } = await answering(200)
    const lookup = resolvesTo('127.0.0.3', '127.0.0.1')
    expect(await send(`http://hooks.example:${port}/`, { lookup })).toMatchObject({ outcome: 'delivered' })
  })
})
