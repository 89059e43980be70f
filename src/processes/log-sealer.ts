import { checkpoints } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { CheckpointSigner, LogHead, LogName, LogTrees } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import { Rejection } from '../domain/codes.ts'
import type { RoleLease } from './lease-keeper.ts'

export interface LogSealerDeps {
  trees: LogTrees
  signer: CheckpointSigner
  commands: Pick<CommandHandler, 'handle' | 'load'>
  lease: RoleLease
  log: Log
  nowMs(): number
}

/** Leaves wait no longer than this for a checkpoint that covers them. */
const sealEveryMs: Readonly<Record<LogName, number>> = { commands: 500, access: 60_000 }
const lookEveryMs = 250
/** So many logs are sealed at a time. */
const batchMax = 16

interface Sealed {
  size: number
  atMs: number
}

/**
 * Signs what the logs have grown by, after checking that each tree extends the last checkpoint. A log whose tree does
 * not is sealed no more: its past has changed.
 */
export class LogSealer {
  private readonly deps: LogSealerDeps
  private readonly sealed = new Map<number, Sealed>()
  private readonly broken = new Set<number>()
  private timer: NodeJS.Timeout | undefined
  private sealing: Promise<void> = Promise.resolve()
  private stopped = false

  constructor(deps: LogSealerDeps) {
    this.deps = deps
  }

  start(): void {
    this.timer = setInterval(() => {
      this.sealing = this.sealing.then(() => this.sealDue()).catch((error) => this.say('sealing failed', error))
    }, lookEveryMs)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.timer)
    await this.sealing
  }

  /** Whether the log's past differs from what was sealed. */
  isBroken(logId: number): boolean {
    return this.broken.has(logId)
  }

  private async sealDue(): Promise<void> {
    if (this.stopped || !this.deps.lease.isHeld()) return
    const nowMs = this.deps.nowMs()
    const due = this.deps.trees.heads().filter((head) => this.isDue(head, nowMs))
    for (let from = 0; from < due.length; from += batchMax) {
      await Promise.all(due.slice(from, from + batchMax).map((head) => this.seal(head)))
    }
  }

  private isDue({ id, log, size }: LogHead, nowMs: number): boolean {
    const last = this.sealed.get(id)
    if (size === 0 || this.broken.has(id)) return false
    return !last || (size > last.size && nowMs - last.atMs >= sealEveryMs[log])
  }

  private async seal({ id, tenant, log, size }: LogHead): Promise<void> {
    const { trees, signer, commands, nowMs } = this.deps
    try {
      const { state: last } = await commands.load(checkpoints, tenant, log)
      if (last && last.size > size) return this.later(id, size)
      if (last && trees.rootAt(id, last.size) !== last.root) return this.stopFor(id, tenant, log, last.size)
      if (last?.size === size) return this.later(id, size)
      const root = trees.rootAt(id, size)
      const note = signer.sign(tenant, log, size, root)
      const command = { type: 'SignCheckpoint' as const, log, size, root, note, extends: last }
      await commands.handle(checkpoints, log, command, systemContext(tenant, 'log-sealer', nowMs()))
      this.later(id, size)
    } catch (error) {
      // Another process was faster, or the ledger does not take it now: it is due again at the next look.
      if (!(error instanceof Rejection)) throw error
      if (error.code !== 'CHECKPOINT_MOVED') this.say('a log was not sealed', error)
    }
  }

  private later(id: number, size: number): void {
    this.sealed.set(id, { size, atMs: this.deps.nowMs() })
  }

  private stopFor(id: number, tenant: string, log: LogName, size: number): void {
    this.broken.add(id)
    this.deps.log.error('the ledger differs from what was sealed: the log is sealed no more', { tenant, log, size })
  }

  private say(message: string, error: unknown): void {
    this.deps.log.warn(message, { error: error instanceof Error ? error.message : String(error) })
  }
}
