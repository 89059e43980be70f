import type { CallRecord } from '../domain/access/events.ts'
import type { TenantId } from '../domain/ids.ts'
import { CallLog, type CallRecorderDeps } from './call-log.ts'
import { noLongerThan } from './no-longer-than.ts'

const tenantsAtOnceMax = 16
/** A ledger that takes no records gets no calls to record (fail closed). */
const behindMaxMs = 1_000
/** How long a call waits for a ledger that is slow, but takes them. */
const patienceMs = 5_000

/**
 * Writes down who called what. Each tenant has a log of its own, and several are written at a time: one that is slow
 * holds up no other.
 */
export class CallRecorder {
  private readonly deps: CallRecorderDeps
  private readonly logs = new Map<TenantId, CallLog>()
  private writing = 0
  private readonly waiting: (() => void)[] = []

  constructor(deps: CallRecorderDeps) {
    this.deps = deps
  }

  record(tenant: TenantId, call: CallRecord): void {
    let log = this.logs.get(tenant)
    if (!log) {
      log = new CallLog(tenant, this.deps, (write) => this.inTurn(write))
      this.logs.set(tenant, log)
    }
    log.add(call)
  }

  /** Resolves when all that was recorded of the tenant so far is durable, with its position; -1 when there is none. */
  async durable(tenant: TenantId): Promise<bigint> {
    return (await this.logs.get(tenant)?.durable()) ?? -1n
  }

  /** Age of the oldest call that is not durable yet; 0 when there is none. */
  behindMs(): number {
    let oldestMs = Infinity
    for (const log of this.logs.values()) oldestMs = Math.min(oldestMs, log.oldestMs)
    return oldestMs === Infinity ? 0 : Math.max(0, this.deps.nowMs() - oldestMs)
  }

  /** Whether more calls may be answered: at once, or, when the ledger is slow, as soon as the records have caught up. */
  async keepsUp(): Promise<boolean> {
    if (this.behindMs() <= behindMaxMs) return true
    const logs = [...this.logs.values()]
    if (logs.some((log) => log.isRefused)) return false
    await noLongerThan(patienceMs, Promise.all(logs.map((log) => log.durable())))
    return this.behindMs() <= behindMaxMs
  }

  /** Writes what is open, but does not wait for a ledger that does not answer. */
  async close(): Promise<void> {
    await Promise.all([...this.logs.values()].map((log) => log.close()))
  }

  private async inTurn(write: () => Promise<void>): Promise<void> {
    if (this.writing >= tenantsAtOnceMax) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.writing += 1
    try {
      await write()
    } finally {
      // The turn goes to whoever waits longest, without being given back in between.
      const next = this.waiting.shift()
      if (next) next()
      else this.writing -= 1
    }
  }
}
