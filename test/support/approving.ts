import { onTestFinished } from 'vitest'
import { approvalWork } from '../../projections/approval-work.ts'
import { dueWork } from '../../projections/due-work.ts'
import { approvals, runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { ApprovalCommand } from '../../src/domain/approval/commands.ts'
import type { ApprovalEvent } from '../../src/domain/approval/events.ts'
import { Approvals, type ApprovalsDeps } from '../../src/processes/approvals.ts'
import { Reconciler } from '../../src/processes/reconciler.ts'
import { speaker } from './approvals.ts'
import { contextOf } from './contexts.ts'
import { partitionOf, runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { RecordingBus } from './recording-bus.ts'
import { partitionStream, register, request } from './requests.ts'
import { atTime } from './run-events.ts'
import { viewed } from './viewed.ts'

type Word = 'GrantApproval' | 'RejectApproval' | 'OverrideApproval'
type Commands = ApprovalsDeps['commands']
export type Death = 'before' | 'after'

/** Lets so many commands through; then the process is dead, before or after the ledger took the last one. */
const mortal = (commands: CommandHandler, lives: number, death: Death): Commands => {
  let left = lives
  const dead = () => new Error('the process is dead')
  const handle = async (...command: Parameters<CommandHandler['handle']>) => {
    left -= 1
    if (left < 0 || (left === 0 && death === 'before')) throw dead()
    const handled = await commands.handle(...command)
    if (left === 0) throw dead()
    return handled
  }
  const load: CommandHandler['load'] = (...of) => (left <= 0 ? Promise.reject(dead()) : commands.load(...of))
  return { handle: handle as CommandHandler['handle'], load }
}

/** A ledger with its views, runs that ask for approval, and managers that come and go. Its clock is set by the test. */
export const openApproving = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const { views, pump } = viewed(ledger)
  const log = new SilentLog()
  const clock = { second: 1 }
  const nowMs = () => Date.parse(atTime(clock.second))
  await register(commands, manifestOf({}, { max_active_runs: 1 }))

  const manager = (over: Partial<ApprovalsDeps> = {}) =>
    new Approvals({
      work: approvalWork(views),
      commands: new CommandHandler(ledger),
      mayStill: () => true,
      log,
      head: () => ledger.head(),
      nowMs,
      ...over,
    })
  const reconciler = new Reconciler({
    commands: new CommandHandler(ledger),
    bus: new RecordingBus(),
    log,
    due: dueWork(views),
    head: () => ledger.head(),
    nowMs,
    leaseMs: 30_000,
    worker: 'box.1',
  })
  onTestFinished(() => reconciler.stop())

  /** By alice, for somebody of governance to approve within a minute; each run has a partition of its own. */
  const ask = (run: string, required = [{ role: 'governance', count: 1 }]) =>
    request(
      commands,
      run,
      { partition: partitionOf(`p-${run}`), approval: { required, expiresAt: atTime(60) } },
      contextOf({ at: atTime(0) }),
    )
  const stateOf = async (run: string) => (await commands.load(runs, tenant, runOf(run))).state
  const approvalIdOf = async (run: string) => (await stateOf(run)).requested?.approval?.approvalId ?? ''
  const say = async (type: Word, run: string, who = speaker('bob')) => {
    const approvalId = await approvalIdOf(run)
    const at = atTime(clock.second)
    const command: ApprovalCommand = { type, approvalId, ...who, reason: 'looked at it', at }
    return commands.handle(approvals, approvalId, command, contextOf({ at }))
  }
  const typesIn = (stream: string) => ledger.stream(stream).map(({ type }) => type)
  return {
    ledger,
    commands,
    views,
    pump,
    log,
    clock,
    manager,
    reconciler,
    ask,
    say,
    stateOf,
    approvalIdOf,
    mortal: (lives: number, death: Death) => manager({ commands: mortal(new CommandHandler(ledger), lives, death) }),
    seen: (of: Approvals | Reconciler) => of.handle([...ledger.all]),
    sweep: async (of: Approvals) => {
      await pump.settled()
      await of.sweep()
      await pump.settled()
    },
    runTypes: (run: string) => typesIn(`run-${tenant}.${run}`),
    approvalTypes: async (run: string) =>
      typesIn(`approval-${tenant}.${await approvalIdOf(run)}`) as ApprovalEvent['type'][],
    /** Types of what happened to the claim of the run's partition. */
    claimTypes: (run: string) => typesIn(partitionStream(`p-${run}`)),
  }
}
