import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { type Plan, type Principal, plans, principalKey } from '../auth/principal.ts'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'
import { SharedUsage, type UsageBus } from './shared-usage.ts'

/** Requests an hour, and how many of them within one second. */
export interface Allowance {
  hour: number
  burst: number
}

/** The plans of the etl document. */
const allowances: Record<Plan, Allowance> = {
  free: { hour: 100, burst: 10 },
  pro: { hour: 1_000, burst: 100 },
  enterprise: { hour: 10_000, burst: 1_000 },
}

const hourSeconds = 3_600

class Bucket {
  private readonly hour: RateLimiterMemory
  private readonly burst: RateLimiterMemory
  private readonly allowance: Allowance

  constructor(allowance: Allowance) {
    this.allowance = allowance
    this.hour = new RateLimiterMemory({ points: allowance.hour, duration: hourSeconds })
    this.burst = new RateLimiterMemory({ points: allowance.burst, duration: 1 })
  }

  /** Throws RATE_LIMITED; resolves when the call counts. */
  async take(c: Context<Env>, key: string, nowMs: number): Promise<void> {
    // The burst first: what it refuses does not count against the hour.
    const burst = await outcome(this.burst.consume(key))
    const hour = burst.allowed ? await outcome(this.hour.consume(key)) : await this.looked(key)
    this.show(c, hour, nowMs)
    const [refused, window] = burst.allowed ? [hour, 'hour'] : [burst, 'burst']
    if (refused.allowed) return
    const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000))
    c.header('Retry-After', String(retryAfterSeconds))
    throw new Rejection('RATE_LIMITED', `too many requests; ask again in ${retryAfterSeconds} s`, { window })
  }

  /** What another process has let through. */
  async add(key: string, points: number): Promise<void> {
    await this.hour.penalty(key, points)
    await this.burst.penalty(key, points)
  }

  private async looked(key: string): Promise<Outcome> {
    const seen = await this.hour.get(key)
    return seen ? { ...said(seen), allowed: true } : { allowed: true, remaining: this.allowance.hour, msBeforeNext: 0 }
  }

  /** The headers of the etl document, and those of draft-ietf-httpapi-ratelimit-headers-11. */
  private show(c: Context<Env>, { remaining, msBeforeNext }: Outcome, nowMs: number): void {
    const { hour, burst } = this.allowance
    c.header('X-RateLimit-Limit', String(hour))
    c.header('X-RateLimit-Remaining', String(remaining))
    c.header('X-RateLimit-Reset', String(Math.ceil((nowMs + msBeforeNext) / 1_000)))
    c.header('RateLimit-Policy', `"hour";q=${hour};w=${hourSeconds}, "burst";q=${burst};w=1`)
    c.header('RateLimit', `"hour";r=${remaining};t=${Math.ceil(msBeforeNext / 1_000)}`)
  }
}

interface Outcome {
  allowed: boolean
  remaining: number
  msBeforeNext: number
}

const said = ({ remainingPoints, msBeforeNext }: RateLimiterRes) => ({
  remaining: Math.max(0, remainingPoints),
  msBeforeNext: Math.max(0, msBeforeNext),
})

const outcome = async (consumed: Promise<RateLimiterRes>): Promise<Outcome> => {
  try {
    return { ...said(await consumed), allowed: true }
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { ...said(refused), allowed: false }
    throw refused
  }
}

/**
 * How often a principal may call, by its plan; one without a plan has what the operator allows. Counted in this process;
 * those that share a bus tell each other what they let through.
 */
export class RateLimits {
  private readonly buckets: Record<Plan | 'none', Bucket>
  private shared: SharedUsage | null = null

  constructor(withoutPlan: Allowance) {
    this.buckets = {
      free: new Bucket(allowances.free),
      pro: new Bucket(allowances.pro),
      enterprise: new Bucket(allowances.enterprise),
      none: new Bucket(withoutPlan),
    }
  }

  /** From now on others are told, and listened to. Returns how to stop. */
  share(bus: UsageBus): () => void {
    const shared = new SharedUsage(bus, ({ bucket, key, points }) => {
      if (isBucket(bucket)) void this.buckets[bucket].add(key, points)
    })
    this.shared = shared
    return () => {
      this.shared = null
      shared.stop()
    }
  }

  /** Sets the headers; throws RATE_LIMITED. */
  async take(c: Context<Env>, principal: Principal, byPlan: boolean, nowMs: number): Promise<void> {
    const bucket = byPlan && principal.plan !== null ? principal.plan : 'none'
    // A principal that is no person goes by its name, which is nobody else's business on the bus.
    const key = createHash('sha256').update(principalKey(principal)).digest('base64url')
    await this.buckets[bucket].take(c, key, nowMs)
    this.shared?.count(bucket, key)
  }
}

const isBucket = (name: string): name is Plan | 'none' => name === 'none' || plans.some((plan) => plan === name)
