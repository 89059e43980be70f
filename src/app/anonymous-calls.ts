import type { CallRecord } from '../domain/access/events.ts'
import { must, parseTenantId } from '../domain/ids.ts'
import type { CallRecorder } from './call-recorder.ts'

const systemTenant = must(parseTenantId('system'), 'tenant')
const flushDelayMs = 1_000
const keysMax = 10_000

/** Calls without an identity are counted, not told one by one: anybody can make as many of them as they like. */
export class AnonymousCalls {
  private readonly recorder: Pick<CallRecorder, 'record'>
  private readonly counted = new Map<string, CallRecord>()
  private timer: NodeJS.Timeout | undefined

  constructor(recorder: Pick<CallRecorder, 'record'>) {
    this.recorder = recorder
  }

  /** Adds to the calls of the same origin, route, answer and minute. */
  add(call: CallRecord): void {
    const alike = { ...call, at: `${call.at.slice(0, 16)}:00.000Z`, resource: {}, query: {}, requestId: '' }
    const { origin, method, route, status, at } = alike
    const key = this.keyOf(JSON.stringify([origin, method, route, status, at]))
    const before = this.counted.get(key)
    this.counted.set(key, {
      ...(before ?? alike),
      count: (before?.count ?? 0) + call.count,
      durationMs: (before?.durationMs ?? 0) + call.durationMs,
    })
    this.timer ??= setTimeout(() => this.flush(), flushDelayMs)
  }

  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (const call of this.counted.values()) this.recorder.record(systemTenant, call)
    this.counted.clear()
  }

  /** Beyond the bound, what is new is counted with what came first. */
  private keyOf(key: string): string {
    if (this.counted.size < keysMax || this.counted.has(key)) return key
    const [first] = this.counted.keys()
    return first ?? key
  }
}
