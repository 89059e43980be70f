import type { Context } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { type Plan, type Principal, principalKey } from '../auth/principal.ts'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'

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

/** How often a principal may call, by its plan; one without a plan has what the operator allows. Counted per process. */
export class RateLimits {
  private readonly byPlan: Record<Plan, Bucket>
  private readonly others: Bucket

  constructor(withoutPlan: Allowance) {
    this.byPlan = {
      free: new Bucket(allowances.free),
      pro: new Bucket(allowances.pro),
      enterprise: new Bucket(allowances.enterprise),
    }
    this.others = new Bucket(withoutPlan)
  }

  /** Sets the headers; throws RATE_LIMITED. */
  take(c: Context<Env>, principal: Principal, byPlan: boolean, nowMs: number): Promise<void> {
    const bucket = byPlan && principal.plan !== null ? this.byPlan[principal.plan] : this.others
    return bucket.take(c, principalKey(principal), nowMs)
  }
}
