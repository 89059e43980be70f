import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Attempt, sendWebhook } from '../../src/webhooks/send.ts'
import { newSecret } from '../../src/webhooks/sign.ts'
import { sleep, until } from '../support/waiting.ts'

const timeoutMs = 400
/** Beyond the timeout, for a machine that is busy. */
const graceMs = 2_000

/** A receiver that speaks TCP: what it does with a connection once the request has begun to arrive. */
const receiving = async (serve: (socket: Socket) => void, on: 'connection' | 'data' = 'data') => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    if (on === 'connection') serve(socket)
    else socket.once('data', () => serve(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { sockets, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

const send = (url: string, more: Partial<Parameters<typeof sendWebhook>[0]> = {}): Promise<Attempt> =>
  sendWebhook({
    url,
    body: '{}',
    id: 'msg_1',
    secrets: [newSecret()],
    nowMs: Date.now(),
    allowPrivate: true,
    timeoutMs,
    ...more,
  })

const failed = (error: string) => ({ outcome: 'failed', status: null, error, responseText: null, retryAfterMs: null })
const isInTime = ({ durationMs }: Attempt): void => {
  expect(durationMs).toBeGreaterThanOrEqual(timeoutMs - 5)
  expect(durationMs).toBeLessThan(timeoutMs + graceMs)
}

/** The text again and again, until the other side has had enough. */
const repeat = async (socket: Socket, text: string, everyMs: number): Promise<void> => {
  while (socket.writable) {
    socket.write(text)
    await sleep(everyMs)
  }
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('time is up', () => {
  const late = failed(`no answer within ${timeoutMs} ms`)

  test.each([
    ['says nothing at all', () => {}],
    ['begins its headers and hangs', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nX-A: ')],
    ['dribbles headers', (socket: Socket) => repeat(socket, 'a', 10)],
    ['says 102 for ever', (socket: Socket) => repeat(socket, 'HTTP/1.1 102 Processing\r\n\r\n', 10)],
  ])('for a receiver that %s', async (name, serve) => {
    const { url, sockets } = await receiving((socket) => {
      if (name === 'dribbles headers') socket.write('HTTP/1.1 200 OK\r\nX-A: ')
      void serve(socket)
    })
    const attempt = await send(url)
    expect(attempt).toMatchObject(late)
    isInTime(attempt)
    await until(() => sockets.every(({ destroyed }) => destroyed))
  })

  test('for one that reads nothing of a large body', async () => {
    const { url } = await receiving((socket) => socket.pause(), 'connection')
    const attempt = await send(url, { body: 'x'.repeat(50_000_000) })
    expect(attempt).toMatchObject(late)
    isInTime(attempt)
  })

  test('for a resolver that never answers', async () => {
    const attempt = await send('http://hooks.example/', { lookup: () => new Promise(() => {}) })
    expect(attempt).toMatchObject(late)
    isInTime(attempt)
  })

  test('for a body that dribbles; its status was there and counts', async () => {
    const { url, sockets } = await receiving((socket) => {
      socket.write(head)
      void repeat(socket, '1\r\nx\r\n', 10)
    })
    const attempt = await send(url)
    expect(attempt).toMatchObject({ outcome: 'delivered', status: 200, error: null })
    expect(attempt.responseText).toMatch(/^x+$/)
    isInTime(attempt)
    await until(() => sockets.every(({ destroyed }) => destroyed))
  })
})

describe('a body', () => {
  test('of 1 GB is read up to 4 KiB and left', async () => {
    const block = Buffer.alloc(1_000_000, 'x')
    const { url, sockets } = await receiving((socket) => {
      socket.write('HTTP/1.1 500 Oh\r\nContent-Length: 1000000000\r\n\r\n')
      const pour = (): void => {
        while (socket.writable && socket.bytesWritten < 1e9 && socket.write(block));
      }
      socket.on('drain', pour)
      pour()
    })
    const attempt = await send(url, { timeoutMs: 10_000 })
    expect(attempt).toMatchObject({ outcome: 'failed', status: 500, responseText: 'x'.repeat(4_096) })
    await until(() => sockets.every(({ destroyed }) => destroyed))
    const written = sockets.map(({ bytesWritten }) => bytesWritten)
    expect(Math.max(...written)).toBeLessThan(50_000_000)
  })

  test.each([4_095, 4_096, 4_097])('of %d bytes gives what fits into 4 KiB', async (bytes) => {
    const { url } = await receiving((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${'y'.repeat(bytes)}`)
    })
    expect((await send(url)).responseText).toBe('y'.repeat(Math.min(bytes, 4_096)))
  })

  test('that is cut within a character loses this one, and no other', async () => {
    const { url } = await receiving((socket) =>
      socket.end(`HTTP/1.0 200 OK\r\n\r\n${'é'.repeat(4_000).slice(0, 2_047)}x€€€`),
    )
    expect((await send(url)).responseText).toBe(`${'é'.repeat(2_047)}x`)
  })

  test('that breaks off takes nothing back', async () => {
    const { url } = await receiving((socket) => {
      socket.write(`${head}5\r\nthank\r\n`)
      setTimeout(() => socket.resetAndDestroy(), 30)
    })
    expect(await send(url)).toMatchObject({ outcome: 'delivered', status: 200, responseText: 'thank' })
  })

  test('that is garbage takes nothing back', async () => {
    const { url } = await receiving((socket) => socket.end(`${head}no chunk at all\r\n`))
    expect(await send(url)).toMatchObject({ outcome: 'delivered', status: 200 })
  })
})

describe('no answer', () => {
  test.each([
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy(), 'ECONNRESET'],
    ['closes it', (socket: Socket) => socket.end(), 'ECONNRESET'],
    ['speaks another protocol', (socket: Socket) => socket.end('220 mail.example ESMTP\r\n'), 'HPE_INVALID_CONSTANT'],
    [
      'sends endless headers',
      (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(99_999)}`),
      'HPE_HEADER_OVERFLOW',
    ],
    [
      'changes the protocol',
      (socket: Socket) => socket.write('HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      'closed',
    ],
  ])('from one that %s', async (_, serve, code) => {
    const { url } = await receiving(serve)
    expect(await send(url)).toMatchObject(failed(`no answer: ${code}`))
  })

  test('where nobody listens; the error tells no address', async () => {
    const { url, server } = await receiving(() => {})
    await new Promise((resolve) => server.close(resolve))
    const lookup = async () => ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    const named = url.replace('127.0.0.1', 'hooks.example')
    expect(await send(url)).toMatchObject(failed('no answer: ECONNREFUSED'))
    expect(await send(named, { lookup })).toMatchObject(failed('no answer: ECONNREFUSED'))
  })

  test('where the name is not known', async () => {
    expect(await send('http://hooks.example/', { lookup: async () => [] })).toMatchObject(
      failed('no answer: ENOTFOUND'),
    )
  })
})

test('an early answer counts, though the rest of the body was not wanted', async () => {
  const { url } = await receiving((socket) => {
    socket.end('HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig')
    setTimeout(() => socket.resetAndDestroy(), 30)
  })
  const attempt = await send(url, { body: 'x'.repeat(20_000_000), timeoutMs: 5_000 })
  expect(attempt).toMatchObject({ outcome: 'failed', status: 413, responseText: 'big' })
})
