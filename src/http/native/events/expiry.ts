import { z } from 'zod'

/** The way in allows clocks as much (auth/tokens.ts). */
const clockToleranceMs = 30_000

const claims = z.object({ exp: z.number() })

/** When a token that was verified stops being accepted, in ms since the epoch; null where nothing tells. */
export const expiryMsOf = (authorization: string | undefined): number | null => {
  const payload = authorization?.split('.')[1]
  if (payload === undefined) return null
  try {
    const { exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    return exp * 1_000 + clockToleranceMs
  } catch {
    return null
  }
}
