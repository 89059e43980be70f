import type { CallRecord } from '../domain/access/events.ts'
import { must, parseTenantId, type TenantId } from '../domain/ids.ts'
import type { CallRecorder } from './call-recorder.ts'

/** Whose calls without identity are. */
export const systemTenant: TenantId = must(parseTenantId('system'), 'tenant')
const flushDelayMs = 1_000
const keysMax = 10_000

/**
 * Calls that anybody can make as many of as they like are counted, not told one by one: those without an identity, and
 * those that were too many.
 */
export class CountedCalls {
  private readonly recorder: Pick<CallRecorder, 'record'>
  private readonly counted = new Map<string, { tenant: TenantId; call: CallRecord }>()
  private timer: NodeJS.Timeout | undefined

  constructor(recorder: Pick<CallRecorder, 'record'>) {
    this.recorder = recorder
  }

  /** Adds to the calls of the same caller, origin, route, answer and minute. */
  add(tenant: TenantId, call: CallRecord): void {
    const alike = { ...call, at: `${call.at.slice(0, 16)}:00.000Z`, resource: {}, query: {}, requestId: '' }
    const { actor, origin, method, route, status, at } = alike
    const key = this.keyOf(JSON.stringify([tenant, actor, origin, method, route, status, at]))
    const before = this.counted.get(key)
    this.counted.set(key, {
      tenant: before?.tenant ?? tenant,
      call: {
        ...(before?.call ?? alike),
        count: (before?.call.count ?? 0) + call.count,
        durationMs: (before?.call.durationMs ?? 0) + call.durationMs,
      },
    })
    this.timer ??= setTimeout(() => this.flush(), flushDelayMs)
  }

  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (const { tenant, call } of this.counted.values()) this.recorder.record(tenant, call)
    this.counted.clear()
  }

  /** Beyond the bound, what is new is counted with what came first. */
  private keyOf(key: string): string {
    if (this.counted.size < keysMax || this.counted.has(key)) return key
    const [first] = this.counted.keys()
    return first ?? key
  }
}
