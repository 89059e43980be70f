import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Message {
  at: Date
  headers: IncomingHttpHeaders
  body: string
}

const receivers: Server[] = []

/** A receiver that keeps what comes, and takes its time; `answer` gives the status, or null to hang. */
export const receiver = async (answer: (count: number) => number | null, delayMs = 0) => {
  const messages: Message[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      messages.push({ at: new Date(), headers: request.headers, body })
      const status = answer(messages.length)
      if (status !== null) setTimeout(() => response.writeHead(status).end('received'), delayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receivers.push(server)
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

export const closeReceivers = (): void => {
  for (const server of receivers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
}
