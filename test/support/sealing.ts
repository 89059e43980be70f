import { createHash } from 'node:crypto'
import { CommandHandler } from '../../src/app/handle.ts'
import type { LogHead } from '../../src/app/ports/evidence.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import { streamName } from '../../src/domain/ids.ts'
import { LogSealer, type LogSealerDeps } from '../../src/processes/log-sealer.ts'
import { tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'

/** Logs whose roots are digests of their leaves. */
export class FakeTrees {
  position = 0n
  private readonly logs = new Map<number, { head: LogHead; leaves: string[] }>()

  add(id: number, log: LogHead['log'], size = 0, of = tenant): this {
    this.logs.set(id, { head: { id, tenant: of, log, size: 0 }, leaves: [] })
    return this.grow(id, size)
  }

  grow(id: number, by = 1): this {
    const leaves = this.logs.get(id)?.leaves
    for (let n = 0; n < by; n += 1) leaves?.push(`leaf ${leaves.length}`)
    return this
  }

  edit(id: number, index: number): void {
    this.logs.get(id)?.leaves.splice(index, 1, 'another leaf')
  }

  cut(id: number, size: number): void {
    this.logs.get(id)?.leaves.splice(size)
  }

  reached = () => this.position
  heads = () => [...this.logs.values()].map(({ head, leaves }) => ({ ...head, size: leaves.length }))
  rootAt = (id: number, size: number) =>
    createHash('sha256')
      .update(JSON.stringify(this.logs.get(id)?.leaves.slice(0, size)))
      .digest('hex')
}

export interface Sealing {
  ledger: InMemoryLedger
  trees: FakeTrees
  log: SilentLog
  sealer: LogSealer
  lease: { held: boolean }
  /** What was sealed of a log, in order. */
  sizes(log?: LogHead['log'], of?: typeof tenant): number[]
  alerts(): Extract<LedgerEvent['event'], { type: 'IntegrityAlertRaised' }>[]
}

/** A sealer with fake trees on a ledger in memory, which others may share. */
export const sealing = (
  trees: FakeTrees,
  ledger = new InMemoryLedger(),
  over: Partial<LogSealerDeps> = {},
): Sealing => {
  const log = new SilentLog()
  const lease = { held: true }
  const signed = (name: string, of: typeof tenant) =>
    ledger
      .stream(streamName('checkpoint', of, name))
      .flatMap(({ event }) => (event?.type === 'CheckpointSigned' ? [event.data] : []))
  const sealer = new LogSealer({
    trees,
    signer: { refresh: async () => undefined, sign: (_, name, size, root) => `${name} ${size} ${root}` },
    commands: new CommandHandler(ledger),
    lease: { isHeld: () => lease.held },
    log,
    nowMs: Date.now,
    chain: async (of, name) => signed(name, of),
    ...over,
  })
  return {
    ...{ ledger, trees, log, sealer, lease },
    sizes: (name = 'commands', of = tenant) => signed(name, of).map(({ size }) => size),
    alerts: () => ledger.all.flatMap(({ event }) => (event?.type === 'IntegrityAlertRaised' ? [event] : [])),
  }
}
