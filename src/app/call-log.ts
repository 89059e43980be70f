import type { CallRecord } from '../domain/access/events.ts'
import { Rejection } from '../domain/codes.ts'
import type { TenantId } from '../domain/ids.ts'
import { accessLogs } from './aggregates.ts'
import { systemContext } from './context.ts'
import type { CommandHandler } from './handle.ts'
import type { Log } from './ports/follower.ts'

const batchDelayMs = 50
const callsPerEventMax = 256
/** Well below what a ledger takes in one append (1 MiB). */
const charsPerEventMax = 256 * 1_024
const retryDelayMs = 200

export interface CallRecorderDeps {
  commands: Pick<CommandHandler, 'handle'>
  /** What tells this process's streams from another replica's; no dot. */
  replica: string
  log: Pick<Log, 'error'>
  nowMs(): number
}

interface Entry {
  call: CallRecord
  chars: number
  recordedMs: number
}

/**
 * The calls of one tenant on their way into the ledger, in their order. While one event is being written the next one
 * fills: many calls cost few appends. What the ledger cannot take now is said again; what it never takes is taken apart.
 */
export class CallLog {
  private readonly tenant: TenantId
  private readonly deps: CallRecorderDeps
  private readonly inTurn: (write: () => Promise<void>) => Promise<void>
  private readonly entries: Entry[] = []
  private waiting: { written: number; resolve(position: bigint): void }[] = []
  private recorded = 0
  private written = 0
  private position = -1n
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> | undefined
  private closed = false
  /** Whether the ledger refused what it was given last. */
  isRefused = false

  constructor(tenant: TenantId, deps: CallRecorderDeps, inTurn: (write: () => Promise<void>) => Promise<void>) {
    this.tenant = tenant
    this.deps = deps
    this.inTurn = inTurn
  }

  /** When the oldest call that is not durable was recorded; Infinity when there is none. */
  get oldestMs(): number {
    return this.entries[0]?.recordedMs ?? Infinity
  }

  add(call: CallRecord): void {
    this.entries.push({ call, chars: JSON.stringify(call).length, recordedMs: this.deps.nowMs() })
    this.recorded += 1
    if (this.entries.length >= callsPerEventMax) this.write()
    else this.timer ??= setTimeout(() => this.write(), batchDelayMs)
  }

  /** Resolves with the position of the newest record; -1 when there is none. */
  durable(): Promise<bigint> {
    const written = this.recorded
    if (written <= this.written) return Promise.resolve(this.position)
    const promise = new Promise<bigint>((resolve) => this.waiting.push({ written, resolve }))
    this.write()
    return promise
  }

  async close(): Promise<void> {
    this.closed = true
    this.write()
    await this.writing
  }

  private write(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    // With nothing to write it would be over before it was noted as begun.
    if (this.entries.length > 0) this.writing ??= this.writeAll()
  }

  private async writeAll(): Promise<void> {
    while (this.entries.length > 0) {
      const taken = this.take()
      const calls = taken.map(({ call }) => call)
      const isWritten = await this.append(calls)
      if (!isWritten) break
      this.entries.splice(0, taken.length)
      this.settled(taken.length)
    }
    // In the same turn in which nothing was left: what comes from now on begins anew.
    this.writing = undefined
  }

  private take(): Entry[] {
    let chars = 0
    const past = this.entries.findIndex((entry, index) => {
      chars += entry.chars
      return index >= callsPerEventMax || (index > 0 && chars > charsPerEventMax)
    })
    return past === -1 ? [...this.entries] : this.entries.slice(0, past)
  }

  private settled(count: number): void {
    this.written += count
    const { written } = this
    const due = this.waiting.filter((waiter) => waiter.written <= written)
    this.waiting = this.waiting.filter((waiter) => waiter.written > written)
    for (const { resolve } of due) resolve(this.position)
  }

  /** One command, fixed once: however often it is said, the ledger holds it once. False when it was given up at the end. */
  private async append(calls: readonly CallRecord[]): Promise<boolean> {
    const context = systemContext(this.tenant, 'call-recorder', this.deps.nowMs())
    const stream = `${context.at.slice(0, 10)}-${this.deps.replica}`
    const command = { type: 'RecordCalls' as const, calls }
    for (;;) {
      try {
        await this.inTurn(async () => {
          this.position = (await this.deps.commands.handle(accessLogs, stream, command, context)).position
        })
        this.isRefused = false
        return true
      } catch (error) {
        this.isRefused = true
        this.say(error, calls.length)
        if (!isTransient(error)) return this.appendApart(calls)
        if (this.closed) return false
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs))
      }
    }
  }

  /** No call keeps others out of the ledger: halves, down to one, and of that one what cannot be at fault. */
  private async appendApart(calls: readonly CallRecord[]): Promise<boolean> {
    const [only] = calls
    if (calls.length > 1) {
      const half = Math.ceil(calls.length / 2)
      return (await this.append(calls.slice(0, half))) && this.append(calls.slice(half))
    }
    const isBare = !only || (Object.keys(only.query).length === 0 && Object.keys(only.resource).length === 0)
    // The log has said so; there is nothing left to take away.
    return isBare ? true : this.append([{ ...only, query: {}, resource: {} }])
  }

  private say(error: unknown, calls: number): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.deps.log.error('calls cannot be recorded', { tenant: this.tenant, calls, error: reason })
  }
}

/** The ledger does not answer now: the same command may be said again. */
const isTransient = (error: unknown): boolean => error instanceof Rejection && error.code === 'LEDGER_UNAVAILABLE'
