import { onTestFinished } from 'vitest'
import { checkpoints } from '../../src/app/aggregates.ts'
import { systemContext } from '../../src/app/context.ts'
import type { CommandHandler } from '../../src/app/handle.ts'
import type { Evidence, LogName } from '../../src/app/ports/evidence.ts'
import type { MakeChain } from '../../src/app/ports/evidence-jobs.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { checkpointText } from '../../src/evidence/checkpoint.ts'
import { doubtOf } from '../../src/evidence/doubt.ts'
import { chainFileOf } from '../../src/evidence/jobs/chain-file.ts'
import { originOf } from '../../src/evidence/leaf.ts'
import { type LedgerLeaf, LogBuilder } from '../../src/evidence/log/builder.ts'
import type { LedgerEvents } from '../../src/evidence/log/ledger-events.ts'
import { LogReader } from '../../src/evidence/log/reader.ts'
import { evidenceOf } from '../../src/evidence/log/service.ts'
import { noteSigner, signNote } from '../../src/evidence/note.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'
import { temporaryFile } from './views.ts'

const leafOf = ({ event, metadata, ...rest }: LedgerEvent): LedgerLeaf => ({
  ...rest,
  data: (event?.data ?? {}) as unknown as JsonObject,
  metadata: { ...metadata } as unknown as JsonObject,
})

const eventsOf = (ledger: InMemoryLedger): LedgerEvents => ({
  stream: async (name, countMax) => ledger.stream(name).slice(0, countMax).map(leafOf),
  at: async (name, revision) => ledger.stream(name).slice(Number(revision)).map(leafOf)[0],
  last: async (name) => ledger.stream(name).slice(-1).map(leafOf)[0],
  from: async function* (position, count) {
    const first = ledger.all.findIndex((event) => event.position >= position)
    if (first !== -1) yield ledger.all.slice(first, first + count).map(leafOf)
  },
})

interface Options {
  nowMs(): number
  /** Logs whose past differs; by default none. */
  isBroken?(): boolean
  /** Whether what is asked for is sealed before it is answered. */
  isSealed?(): boolean
}

interface ChainMaking {
  makeChain(partLeavesMax: number): MakeChain
}

/** Evidence of a ledger in memory, grown and sealed whenever it is asked. */
export const evidenceIn = (
  ledger: InMemoryLedger,
  commands: CommandHandler,
  options: Options,
): Evidence & ChainMaking => {
  const { nowMs, isBroken = () => false, isSealed = () => true } = options
  const signerOf = (tenant: string, log: LogName) =>
    noteSigner(originOf('test.example', tenant, log), Buffer.alloc(32, 7))
  const path = temporaryFile('evidence.db')
  const builder = new LogBuilder(path)
  const reader = new LogReader(path)
  onTestFinished(() => {
    reader.close()
    builder.close()
  })
  const deps = { reader, events: eventsOf(ledger), isBroken, signerOf }
  const evidence = evidenceOf(deps)
  const sealed = async (tenant: TenantId, log: LogName): Promise<Omit<Evidence, 'keys' | 'doubt'>> => {
    builder.append(ledger.all.filter(({ position }) => position > builder.position()).map(leafOf))
    const { id, size } = reader.head(tenant, log) ?? { id: 0, size: 0 }
    const { state: last } = await commands.load(checkpoints, tenant, log)
    if (size === (last?.size ?? 0) || !isSealed()) return evidence
    const root = reader.rootAt(id, size)
    const signer = signerOf(tenant, log)
    const note = signNote(checkpointText({ origin: signer.name, size, root }), signer)
    const before = last && { size: last.size, root: last.root }
    const head = { log, size, root: Buffer.from(root).toString('hex'), note }
    const command = { type: 'SignCheckpoint' as const, ...head, extends: before }
    await commands.handle(checkpoints, log, command, systemContext(tenant, 'log-sealer', nowMs()))
    return evidence
  }
  const keys: Evidence['keys'] = (tenant, log) => [signerOf(tenant, log).vkey]
  const subject: Evidence['subject'] = async (tenant, asked) =>
    (await sealed(tenant, 'commands')).subject(tenant, asked)
  return {
    keys,
    doubt: doubtOf({ keys, subject }),
    isUnsealed: evidence.isUnsealed,
    newest: async (tenant, log) => (await sealed(tenant, log)).newest(tenant, log),
    tile: async (tenant, log, path) => (await sealed(tenant, log)).tile(tenant, log, path),
    inclusion: async (tenant, log, ...rest) => (await sealed(tenant, log)).inclusion(tenant, log, ...rest),
    consistency: async (tenant, log, ...rest) => (await sealed(tenant, log)).consistency(tenant, log, ...rest),
    subject,
    period: async (tenant, log, asked) => (await sealed(tenant, log)).period(tenant, log, asked),
    makeChain:
      (partLeavesMax) =>
      async (tenant, log, asked, { path, bytesMax, progress }) => {
        await sealed(tenant, log)
        return chainFileOf(deps, tenant, log, asked, { path, bytesMax, partLeavesMax }, progress)
      },
  }
}
