import { alerts } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { IntegrityFinding, LogHead, LogTrees } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'
import type { TreeHead } from '../domain/checkpoint/decide.ts'
import type { TenantId } from '../domain/ids.ts'

export interface LogAlertsDeps {
  trees: Pick<LogTrees, 'rootAt'>
  commands: Pick<CommandHandler, 'handle' | 'load'>
  /** All checkpoints of a log, oldest first. */
  chain(tenant: TenantId, log: LogHead['log']): Promise<readonly TreeHead[]>
  log: Log
  nowMs(): number
}

/** Which logs differ from what was sealed, and that everybody is told so, each finding once. */
export class LogAlerts {
  private readonly deps: LogAlertsDeps
  private readonly broken = new Set<number>()
  /** Of these the ledger holds an alert of an earlier life, which the first audit of this one confirms or not. */
  private readonly doubted = new Set<number>()
  private isAudited = false
  private readonly known = new Set<string>()
  private readonly unlocated = new Map<number, LogHead>()
  private readonly untold: IntegrityFinding[] = []

  constructor(deps: LogAlertsDeps) {
    this.deps = deps
  }

  isBroken(logId: number): boolean {
    return this.broken.has(logId) || this.doubted.has(logId)
  }

  /** The tree does not extend the last checkpoint; `settle` finds out from where on. */
  differs(head: LogHead): void {
    this.broken.add(head.id)
    this.unlocated.set(head.id, head)
  }

  found(finding: IntegrityFinding): void {
    const { logId, tenant, log, from, to, event, stream, detail } = finding
    this.broken.add(logId)
    const key = `${logId} ${from} ${to}`
    if (this.known.has(key)) return
    this.known.add(key)
    this.untold.push(finding)
    const fields = { tenant, log, from, to, event, stream, detail }
    this.deps.log.error('the ledger differs from what was sealed: the log is sealed no more', fields)
  }

  /** The whole ledger has been compared with the trees, and every difference was told before. */
  audited(): void {
    this.isAudited = true
    this.doubted.clear()
  }

  /** Whether the log was found to differ before this process began, and has not been looked at since. */
  async isDoubtful({ id, tenant, log }: LogHead): Promise<boolean> {
    if (this.isAudited) return false
    const { state } = await this.deps.commands.load(alerts, tenant, log)
    if (state.found.length > 0 && !this.isAudited) this.doubted.add(id)
    return this.doubted.has(id)
  }

  /** Locates and tells what is left of it; rejects when the ledger does not answer. */
  async settle(): Promise<void> {
    for (const [id, head] of this.unlocated) {
      const finding = locate(head, await this.deps.chain(head.tenant, head.log), this.deps.trees)
      this.unlocated.delete(id)
      if (finding) this.found(finding)
      else this.broken.delete(id)
    }
    for (let next = this.untold[0]; next; next = this.untold[0]) {
      const { logId: _, tenant, ...finding } = next
      const context = systemContext(tenant, 'log-sealer', this.deps.nowMs())
      await this.deps.commands.handle(alerts, finding.log, { type: 'RaiseAlert', ...finding }, context)
      this.untold.shift()
    }
  }
}

/**
 * Between the last checkpoint that holds and the first that does not. What differs at one leaf differs in all trees from
 * there on, so the chain need not be looked at one by one. Null when all hold.
 */
const locate = (
  { id, tenant, log, size }: LogHead,
  chain: readonly TreeHead[],
  trees: Pick<LogTrees, 'rootAt'>,
): IntegrityFinding | null => {
  const holds = (head: TreeHead) => head.size <= size && trees.rootAt(id, head.size) === head.root
  let [low, high] = [0, chain.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const head = chain[middle]
    if (head && holds(head)) low = middle + 1
    else high = middle
  }
  const first = chain[low]
  if (!first) return null
  const from = chain[low - 1]?.size ?? 0
  const held = low === 0 ? 'no checkpoint holds' : `the checkpoint of ${from} leaves is the last that holds`
  const missing = first.size > size ? ` and ${first.size - size} of its leaves are missing` : ''
  const detail = `${held}; that of ${first.size} does not${missing}`
  return { logId: id, tenant, log, from, to: first.size - 1, event: null, stream: null, detail }
}
