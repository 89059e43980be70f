import { onTestFinished } from 'vitest'
import { runLogs, runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { InProcessBus } from '../../src/bus/in-process.ts'
import type { Orchestration } from '../../src/domain/pipeline/manifest.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { Relay } from '../../src/relay/relay.ts'
import { Worker, type WorkerDeps } from '../../src/workers/worker.ts'
import { contextOf } from './contexts.ts'
import { FakeEngine } from './fake-engine.ts'
import { runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { Pump } from './pump.ts'
import { register, request } from './requests.ts'
import { until } from './waiting.ts'

const rates = { computeSecondUsd: 1, storedGibUsd: 0, movedGibUsd: 0 }

/** Ledger, bus, relay and an engine in one process; workers are started as a test needs them. */
export const openWorld = async (orchestration: Partial<Orchestration> = {}) => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const log = new SilentLog()
  const bus = new InProcessBus(log, { ackWaitMs: 60_000 })
  const engine = new FakeEngine()
  const pump = new Pump(ledger, new Relay(bus, async () => -1n))
  onTestFinished(async () => {
    await pump.stop()
    await bus.close()
  })
  await register(commands, manifestOf({}, orchestration))

  const startWorker = (over: Partial<WorkerDeps> = {}): Worker => {
    const worker = new Worker({
      commands: new CommandHandler(ledger),
      bus,
      engine,
      runLogs: { ...runLogs, keepSeconds: 3_600 },
      log,
      worker: 'box.1',
      leaseMs: 60_000,
      rates,
      nowMs: Date.now,
      beforePublishMs: 0,
      concurrency: 2,
      stopGraceMs: 0,
      ...over,
    })
    worker.start()
    onTestFinished(() => worker.stop())
    return worker
  }

  const eventsOf = (run: string) => ledger.stream(`run-${tenant}.${run}`)
  const typesOf = (run: string) => eventsOf(run).map(({ type }) => type)
  return {
    ledger,
    commands,
    log,
    bus,
    engine,
    pump,
    startWorker,
    eventsOf,
    typesOf,
    request: (run: string, over: Parameters<typeof request>[2] = {}) => request(commands, run, over),
    /** Says of a run what the builders say of r1. */
    say: (run: string, command: RunCommand) => {
      const runId = runOf(run)
      const said = command.type === 'RequestRun' ? command : { ...command, runId }
      return commands.handle(runs, runId, said, contextOf())
    },
    /** Resolves when an event of the type has happened to the run. */
    has: (run: string, type: string) => until(() => typesOf(run).includes(type)),
  }
}
