import { cosignatures } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { CheckpointWitness, SignedTree } from '../app/ports/evidence.ts'
import type { Log } from '../app/ports/follower.ts'

interface WitnessingDeps {
  witnesses: readonly CheckpointWitness[]
  /** So many cosignatures make a checkpoint witnessed. */
  quorum: number
  commands: Pick<CommandHandler, 'handle'>
  log: Log
  nowMs(): number
}

/** So many logs are brought to the witnesses at a time. */
const roundsMax = 8
/** A witness that failed is left alone for so long. */
const retryMs = 30_000

/**
 * Brings the newest checkpoint of each log to all witnesses at once, and records what they sign. It holds nothing up: what
 * is signed meanwhile waits, and of one log only the newest.
 */
export class LogWitnessing {
  private readonly deps: WitnessingDeps
  private readonly waiting = new Map<number, SignedTree>()
  private readonly rounds = new Map<number, Promise<void>>()
  private readonly retries = new Map<number, NodeJS.Timeout>()
  private readonly restUntilMs = new Map<string, number>()
  private stopped = false

  constructor(deps: WitnessingDeps) {
    this.deps = deps
  }

  ask(tree: SignedTree): void {
    if (this.stopped || this.deps.witnesses.length === 0) return
    this.waiting.set(tree.id, tree)
    this.pump()
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.waiting.clear()
    for (const timer of this.retries.values()) clearTimeout(timer)
    await Promise.all(this.rounds.values())
  }

  private pump(): void {
    for (const [id, tree] of this.waiting) {
      if (this.rounds.size >= roundsMax) return
      if (this.rounds.has(id)) continue
      this.waiting.delete(id)
      clearTimeout(this.retries.get(id))
      const round = this.round(tree).finally(() => {
        this.rounds.delete(id)
        this.pump()
      })
      this.rounds.set(id, round)
    }
  }

  /** Never rejects. */
  private async round(tree: SignedTree): Promise<void> {
    const { id, tenant, log, size, root } = tree
    const lines = await Promise.all(this.deps.witnesses.map((witness) => this.lineOf(witness, tree)))
    const signed = lines.filter((line) => line !== null)
    if (signed.length < lines.length) this.againLater(tree)
    if (signed.length === 0) return
    const { commands, quorum, nowMs } = this.deps
    const command = { type: 'RecordCosignatures' as const, log, size, root, cosignatures: signed, quorum }
    try {
      await commands.handle(
        cosignatures,
        log + cosignedSuffix,
        command,
        systemContext(tenant, 'log-witnessing', nowMs()),
      )
    } catch (error) {
      this.deps.log.warn('cosignatures were not recorded', { tenant, log, size, error: String(error) })
      if (!this.waiting.has(id)) this.againLater(tree)
    }
  }

  private againLater(tree: SignedTree): void {
    if (this.stopped) return
    clearTimeout(this.retries.get(tree.id))
    const again = () => {
      if (!this.waiting.has(tree.id) && !this.rounds.has(tree.id)) this.ask(tree)
    }
    this.retries.set(tree.id, setTimeout(again, retryMs).unref())
  }

  private async lineOf(witness: CheckpointWitness, tree: SignedTree): Promise<string | null> {
    const { log, nowMs } = this.deps
    const resting = `${witness.name} ${tree.id}`
    if ((this.restUntilMs.get(resting) ?? 0) > nowMs()) return null
    try {
      const line = await witness.cosign(tree)
      this.restUntilMs.delete(resting)
      return line
    } catch (error) {
      this.restUntilMs.set(resting, nowMs() + retryMs)
      const { tenant, size } = tree
      const reason = error instanceof Error ? error.message : String(error)
      log.warn('a witness did not cosign', { witness: witness.name, tenant, log: tree.log, size, error: reason })
      return null
    }
  }
}

/** The stream beside that of the log's checkpoints. */
const cosignedSuffix = '.cosigned'
