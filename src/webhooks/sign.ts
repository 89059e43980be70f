import { createHmac, randomBytes } from 'node:crypto'

/** What is signed: the message's id, the time of this attempt in Unix seconds, and the body as it is sent. */
export interface Signed {
  readonly id: string
  readonly timestampS: number
  readonly body: string
}

const prefix = 'whsec_'
const newSecretBytes = 32
const secretBytesMin = 24
const secretBytesMax = 64

/** `whsec_` and the base64 of 32 random bytes. */
export const newSecret = (): string => `${prefix}${randomBytes(newSecretBytes).toString('base64')}`

const keyOf = (secret: string): Buffer => {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : ''
  const key = Buffer.from(encoded, 'base64')
  const isWhole = key.toString('base64') === encoded
  if (!isWhole || key.length < secretBytesMin || key.length > secretBytesMax) {
    throw new Error(`a webhook secret is ${prefix} and the base64 of ${secretBytesMin} to ${secretBytesMax} bytes`)
  }
  return key
}

/**
 * The `webhook-signature` header: one `v1,<base64>` per secret, so that a receiver may hold the old or the new one while
 * it is rotated. Source: Standard Webhooks, v1 (HMAC-SHA256 of `id.timestamp.body`).
 */
export const signatures = (secrets: readonly string[], { id, timestampS, body }: Signed): string => {
  if (secrets.length === 0) throw new Error('a webhook is signed with at least one secret')
  const content = `${id}.${timestampS}.${body}`
  return secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(content).digest('base64')}`).join(' ')
}
