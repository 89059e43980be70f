import { createServer, type IncomingMessage, type Server } from 'node:http'
import { addPath } from './protocol.ts'
import type { Answer, Witness } from './witness.ts'

/** A checkpoint of 64 signatures and a proof of 63 hashes have room in it. */
const bodyBytesMax = 65_536
const requestTimeoutMs = 10_000

/** A witness's two routes over HTTP. */
export const witnessServer = (witness: Witness, failed: (error: unknown) => void): Server =>
  createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    void answerTo(witness, request)
      .catch((error): Answer => {
        failed(error)
        return plain(500, 'internal error')
      })
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body))
  })

const plain = (status: number, message: string): Answer => ({ status, type: 'text/plain', body: `${message}\n` })

const answerTo = async (witness: Witness, request: IncomingMessage): Promise<Answer> => {
  const { method, url = '' } = request
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? []
  if (method === 'GET' && hash !== undefined) return witness.last(hash)
  if (url !== addPath) return plain(404, 'no such route')
  if (method !== 'POST') return plain(405, 'checkpoints are added by POST')
  const body = await bodyOf(request)
  return body === null ? plain(413, `more than ${bodyBytesMax} bytes`) : witness.add(body)
}

const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
