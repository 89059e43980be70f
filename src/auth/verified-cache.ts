import { hash } from 'node:crypto'
import type { Identity } from './principal.ts'

const verifiedMax = 10_000
/** So that a key that was rotated out stops working soon after the key set no longer has it. */
const verifiedMaxMs = 300_000

/** What a token came to, and when it expires, in ms since the epoch. */
export interface Verified {
  identity: Identity
  expiresAtMs: number
}

export interface VerifiedCacheOptions {
  nowMs(): number
  entriesMax?: number
}

/**
 * Remembers what tokens came to by their SHA-256, never past their expiry and never longer than five minutes; the
 * oldest goes first. What failed is not remembered, so that nobody crowds out the good ones with bad ones.
 */
export class VerifiedCache {
  private readonly verifyOnce: (token: string) => Promise<Verified>
  private readonly nowMs: () => number
  private readonly entriesMax: number
  private readonly verified = new Map<string, { identity: Identity; untilMs: number }>()
  private readonly pending = new Map<string, Promise<Identity>>()

  constructor(verifyOnce: (token: string) => Promise<Verified>, { nowMs, entriesMax }: VerifiedCacheOptions) {
    this.verifyOnce = verifyOnce
    this.nowMs = nowMs
    this.entriesMax = entriesMax ?? verifiedMax
  }

  /** One verification serves all who ask for the same token meanwhile. */
  verify(token: string): Promise<Identity> {
    const key = hash('sha256', token, 'base64')
    const known = this.verified.get(key)
    if (known && this.nowMs() < known.untilMs) return Promise.resolve(known.identity)
    return this.pending.get(key) ?? this.start(key, token)
  }

  get size(): number {
    return this.verified.size
  }

  private start(key: string, token: string): Promise<Identity> {
    const verification = this.run(key, token)
    if (this.pending.size >= this.entriesMax) return verification
    const shared = verification.finally(() => this.pending.delete(key))
    this.pending.set(key, shared)
    return shared
  }

  private async run(key: string, token: string): Promise<Identity> {
    const startedMs = this.nowMs()
    this.verified.delete(key)
    const { identity, expiresAtMs } = await this.verifyOnce(token)
    const untilMs = Math.min(expiresAtMs, startedMs + verifiedMaxMs)
    if (this.nowMs() < untilMs) this.keep(key, { identity, untilMs })
    return identity
  }

  private keep(key: string, entry: { identity: Identity; untilMs: number }): void {
    this.verified.delete(key)
    this.verified.set(key, entry)
    const [oldest] = this.verified.keys()
    if (this.verified.size > this.entriesMax && oldest !== undefined) this.verified.delete(oldest)
  }
}
