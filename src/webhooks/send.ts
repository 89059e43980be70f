import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { AddressRefused, type Lookup, pinnedLookup, resolveAllGuarded } from '../net/guard.ts'
import { retryAfterOf } from './retry-after.ts'
import { signatures } from './sign.ts'

export interface Webhook {
  readonly url: string
  readonly body: string
  /** The same over all attempts, so that the receiver can tell a repetition. */
  readonly id: string
  readonly secrets: readonly string[]
  readonly nowMs: number
  readonly allowPrivate: boolean
  /** For all of it: resolving the name, connecting, sending, and the answer. */
  readonly timeoutMs?: number
  readonly lookup?: Lookup
}

/** `failed` may be tried again, `gone` (410) and `refused` (not to be called: see net/guard.ts) not. */
export interface Attempt {
  readonly outcome: 'delivered' | 'failed' | 'gone' | 'refused'
  readonly status: number | null
  readonly durationMs: number
  /** Null when delivered. Tells no address. */
  readonly error: string | null
  /** The beginning of the answer's body; null when there was no answer. */
  readonly responseText: string | null
  readonly retryAfterMs: number | null
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

const responseBytesMax = 4_096
/** Of several addresses each gets this long before the next is tried; node's 250 ms is too short across an ocean. */
const connectAttemptMs = 2_000

/** The body's beginning; what came before the connection broke or the time was up, if it did not come whole. */
const beginningOf = (response: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= responseBytesMax) response.destroy()
    })
    // The status has told what became of the message; a broken body takes nothing back.
    response.on('error', () => {})
    response.on('close', () => {
      const beginning = Buffer.concat(chunks).subarray(0, responseBytesMax)
      // As a stream: a character that was cut in two is left out.
      resolve(new TextDecoder().decode(beginning, { stream: true }))
    })
  })

const post = (url: URL, body: string, options: RequestOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const name = url.hostname.replace(/^\[|[\].]$/g, '')
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: true, servername: isIP(name) ? '' : name })
        : httpRequest(url, options)
    let isAnswered = false
    request.on('response', (response) => {
      isAnswered = true
      const { statusCode: status = 0, headers } = response
      void beginningOf(response).then((text) => resolve({ status, retryAfter: headers['retry-after'], text }))
    })
    const fail = (error: Error): void => {
      if (!isAnswered) reject(error)
    }
    request.on('error', fail)
    request.on('close', () => fail(new Error('closed without an answer')))
    request.end(body)
  })

/** The resolver cannot be stopped; its answer is left alone when it comes too late. */
const before = <T>(deadline: AbortSignal, promise: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(deadline.reason), { once: true })
    promise.then(resolve, reject)
  })

const ask = async (webhook: Webhook, headers: Record<string, string>, deadline: AbortSignal): Promise<Answer> => {
  const { url, body, allowPrivate, lookup } = webhook
  const addresses = await before(deadline, resolveAllGuarded(url, { allowPrivate, lookup }))
  const options = {
    method: 'POST',
    agent: false as const,
    headers,
    lookup: pinnedLookup(addresses),
    autoSelectFamilyAttemptTimeout: connectAttemptMs,
    signal: deadline,
  }
  return post(new URL(url), body, options)
}

const errorOf = (status: number): string =>
  `answered ${status}${status >= 300 && status < 400 ? ', and redirects are not followed' : ''}`

const judge = ({ status, retryAfter, text }: Answer, nowMs: number): Omit<Attempt, 'durationMs'> =>
  status >= 200 && status < 300
    ? { outcome: 'delivered', status, error: null, responseText: text, retryAfterMs: null }
    : {
        outcome: status === 410 ? 'gone' : 'failed',
        status,
        error: errorOf(status),
        responseText: text,
        retryAfterMs: retryAfterOf(retryAfter, nowMs),
      }

/** By its code alone: node's messages tell addresses. */
const unanswered = (error: unknown): Omit<Attempt, 'durationMs'> => {
  const none = { status: null, responseText: null, retryAfterMs: null }
  if (error instanceof AddressRefused) return { ...none, outcome: 'refused', error: error.message }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'closed'
  return { ...none, outcome: 'failed', error: `no answer: ${code}` }
}

/**
 * Sends one webhook once, signed as Standard Webhooks asks. Whatever the receiver does is an Attempt; it rejects only
 * for secrets that are none. The status decides, as soon as it is there: a 2xx whose body breaks off is delivered.
 */
export const sendWebhook = async (webhook: Webhook): Promise<Attempt> => {
  const { id, body, secrets, nowMs, timeoutMs = 15_000 } = webhook
  const timestampS = Math.floor(nowMs / 1_000)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Ledgerline',
    'webhook-id': id,
    'webhook-timestamp': `${timestampS}`,
    'webhook-signature': signatures(secrets, { id, timestampS, body }),
  }
  const startedMs = performance.now()
  const durationMs = () => Math.round(performance.now() - startedMs)
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  try {
    const answer = await ask(webhook, headers, deadline.signal)
    return { ...judge(answer, nowMs + durationMs()), durationMs: durationMs() }
  } catch (error) {
    const attempt = unanswered(error)
    const isLate = deadline.signal.aborted && attempt.outcome === 'failed'
    return { ...attempt, ...(isLate && { error: `no answer within ${timeoutMs} ms` }), durationMs: durationMs() }
  } finally {
    clearTimeout(timer)
  }
}
