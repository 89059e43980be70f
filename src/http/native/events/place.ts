import type { Context } from 'hono'
import { principalKey } from '../../../auth/principal.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'
import { bodyOf, withHeartbeat } from './body.ts'
import { expiryMsOf } from './expiry.ts'

export const retryAfterSeconds = '5'
/** As long as a timer can be; a stream that lasts longer is taken up again. */
const timerMaxMs = 2 ** 31 - 1

/** A place among the open streams, for no longer than the client is there and its token holds. */
const takePlace = (c: Context<Env>, { live, nowMs }: Services): { signal: AbortSignal; end(): void } => {
  const take = () => {
    try {
      return live.take(principalKey(c.get('principal')))
    } catch (error) {
      c.header('Retry-After', retryAfterSeconds)
      throw error
    }
  }
  const stream = take()
  c.req.raw.signal.addEventListener('abort', stream.end, { once: true })
  const expiryMs = expiryMsOf(c.req.header('authorization'))
  if (expiryMs !== null) {
    const timer = setTimeout(stream.end, Math.min(timerMaxMs, Math.max(0, expiryMs - nowMs())))
    stream.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
  return stream
}

/** Answers Server-Sent Events for as long as the place is held. Nobody takes one to ask for the headers alone. */
export const streamed = (
  c: Context<Env>,
  services: Services,
  messagesUntil: (signal: AbortSignal) => AsyncGenerator<string, void>,
): Response => {
  c.header('Content-Type', 'text/event-stream')
  // Proxies that collect answers before they pass them on must not.
  c.header('X-Accel-Buffering', 'no')
  if (c.req.method === 'HEAD') return c.body(null)
  const { signal, end } = takePlace(c, services)
  const { heartbeatMs, stallMs } = services.live.bounds
  return c.body(bodyOf(withHeartbeat(messagesUntil(signal), heartbeatMs), { end, stallMs }))
}
