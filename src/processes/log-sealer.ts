import { checkpoints } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type {
  CheckpointSigner,
  IntegrityFinding,
  LogHead,
  LogName,
  LogTrees,
  SignedTree,
} from '../app/ports/evidence.ts'
import type { Checkpoint } from '../domain/checkpoint/decide.ts'
import { Rejection } from '../domain/codes.ts'
import type { RoleLease } from './lease-keeper.ts'
import { LogAlerts, type LogAlertsDeps } from './log-sealer-alerts.ts'

export interface LogSealerDeps extends LogAlertsDeps {
  trees: LogTrees
  signer: CheckpointSigner
  lease: Pick<RoleLease, 'isHeld'>
  /** Told of the newest checkpoint of each log: for witnesses. */
  signed?(tree: SignedTree): void
}

const lookEveryMs = 100
/** With the looks in between, leaves wait for a checkpoint half a second and a minute at most. */
const sealEveryMs: Readonly<Record<LogName, number>> = { commands: 400, access: 59_900 }
/** So many logs are sealed at a time. */
const batchMax = 16

interface Sealed {
  size: number
  atMs: number
}

/**
 * Signs what the logs have grown by, after checking that each tree extends the last checkpoint. A log whose tree does
 * not is sealed no more: its past has changed. A process without the lease only checks, once for each log.
 */
export class LogSealer {
  private readonly deps: LogSealerDeps
  private readonly alerts: LogAlerts
  private readonly sealed = new Map<number, Sealed>()
  private timer: NodeJS.Timeout | undefined
  private sealing: Promise<void> | null = null
  private stopped = false
  /** What is wrong at the moment, so that it is said once. */
  private readonly troubles = new Map<string, string>()

  constructor(deps: LogSealerDeps) {
    this.deps = deps
    this.alerts = new LogAlerts(deps)
  }

  start(): void {
    this.timer = setInterval(() => {
      // What takes longer than until the next look, as when the ledger does not answer, is not asked for again meanwhile.
      this.sealing ??= this.sealDue().finally(() => {
        this.sealing = null
      })
    }, lookEveryMs)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.timer)
    await this.sealing
  }

  /** Whether the log's past differs from what was sealed. */
  isBroken(logId: number): boolean {
    return this.alerts.isBroken(logId)
  }

  /** An audit has found a difference: the log is sealed no more. */
  found(finding: IntegrityFinding): void {
    this.alerts.found(finding)
  }

  /** An audit has come to its end, and has told what it found. */
  audited(): void {
    this.alerts.audited()
  }

  private async sealDue(): Promise<void> {
    if (this.stopped) return
    await this.attempt('sealing', async () => {
      await this.alerts.settle()
      await this.deps.signer.refresh()
      const nowMs = this.deps.nowMs()
      // In this order: the trees are at least as large as what was reached.
      const reached = this.deps.trees.reached()
      const due = this.deps.trees.heads().filter((head) => this.isDue(head, nowMs))
      for (let from = 0; from < due.length && !this.stopped; from += batchMax) {
        const batch = due.slice(from, from + batchMax)
        await Promise.all(
          batch.map((head) => this.attempt(`${head.tenant}/${head.log}`, () => this.seal(head, reached))),
        )
      }
    })
  }

  private isDue({ id, log, size }: LogHead, nowMs: number): boolean {
    const last = this.sealed.get(id)
    if (size === 0 || this.alerts.isBroken(id)) return false
    if (!last) return true
    return this.deps.lease.isHeld() && size > last.size && nowMs - last.atMs >= sealEveryMs[log]
  }

  private async seal(head: LogHead, reached: bigint): Promise<void> {
    const { commands, lease } = this.deps
    const { id, tenant, log, size } = head
    if (!this.sealed.has(id) && (await this.alerts.isDoubtful(head))) return
    const { state: last, position } = await commands.load(checkpoints, tenant, log)
    if (last && this.isOtherPast(head, last, reached >= position)) return this.alerts.differs(head)
    if (lease.isHeld() && size > (last?.size ?? 0)) await this.sign(head, last)
    // What grows from here on, or is not this process's to seal now, is due as soon as it may.
    else this.sealed.set(id, { size: Math.min(size, last?.size ?? 0), atMs: 0 })
    if (last?.size === size && lease.isHeld()) this.deps.signed?.({ id, tenant, log, ...last })
  }

  /** Leaves that are missing are missing for good only once the tree has everything up to the checkpoint itself. */
  private isOtherPast({ id, size }: LogHead, last: Checkpoint, hasAll: boolean): boolean {
    if (last.size > size) return hasAll
    return this.deps.trees.rootAt(id, last.size) !== last.root
  }

  private async sign({ id, tenant, log, size }: LogHead, last: Checkpoint | null): Promise<void> {
    const { trees, signer, commands, nowMs } = this.deps
    const root = trees.rootAt(id, size)
    const note = signer.sign(tenant, log, size, root)
    const before = last && { size: last.size, root: last.root }
    const command = { type: 'SignCheckpoint' as const, log, size, root, note, extends: before }
    // It may have been found, or given to another, while this waited.
    if (this.isBroken(id) || !this.deps.lease.isHeld()) return
    try {
      await commands.handle(checkpoints, log, command, systemContext(tenant, 'log-sealer', nowMs()))
    } catch (error) {
      // Another process was faster: it is due again at the next look.
      if (error instanceof Rejection && error.code === 'CHECKPOINT_MOVED') return
      throw error
    }
    this.sealed.set(id, { size, atMs: nowMs() })
    this.deps.signed?.({ id, tenant, log, size, root, note })
  }

  /** What fails is said when it begins, and tried again at the next look. */
  private async attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
      this.troubles.delete(what)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (this.troubles.get(what) !== reason) this.deps.log.warn('a log was not sealed', { what, error: reason })
      this.troubles.set(what, reason)
    }
  }
}
