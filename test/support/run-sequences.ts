import fc from 'fast-check'
import { Rejection } from '../../src/domain/codes.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { runDecider } from '../../src/domain/run/decide.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import type { Run } from '../../src/domain/run/state.ts'
import * as command from './run-commands.ts'
import { atTime, needed, stages } from './run-events.ts'

/** What somebody does next; mostly what fits the run, now and then what does not. */
interface Step {
  type: RunCommand['type']
  /** Of the worker's attempt from the run's. */
  distance: number
  stage: number
  second: number
  retryable: boolean
  isLost: boolean
}

const weights: Record<RunCommand['type'], number> = {
  RequestRun: 1,
  AbandonRun: 1,
  ReleaseRun: 3,
  RefuseRun: 1,
  QueueRetry: 4,
  PauseRun: 1,
  ResumeRun: 3,
  CancelRun: 1,
  ConfirmCancel: 1,
  StartRun: 5,
  StartStage: 8,
  CompleteStage: 8,
  FailRun: 1,
  CommitOutputs: 4,
  SucceedRun: 4,
  ReconcileReplay: 1,
  RecordDrift: 2,
}
const types = Object.entries(weights) as [RunCommand['type'], number][]

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.oneof(...types.map(([type, weight]) => ({ weight, arbitrary: fc.constant(type) }))),
  distance: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constant(-1), fc.constant(1)),
  stage: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constant(1)),
  second: fc.integer({ min: 0, max: 60 }),
  retryable: fc.boolean(),
  isLost: fc.boolean(),
})

const commandOf = (run: Run, { type, distance, stage, second, retryable, isLost }: Step): RunCommand => {
  const attempt = run.attempt + distance
  const open = stages.filter((name) => !Object.hasOwn(run.completed, name))
  const name = open[stage] ?? stages[0]
  const code = isLost ? 'OUTPUT_LOST' : 'STAGE_FAILED'
  const all: Record<RunCommand['type'], RunCommand> = {
    RequestRun: command.requestRun(isLost ? { approval: needed } : {}),
    AbandonRun: command.abandonRun,
    ReleaseRun: command.releaseRun(),
    RefuseRun: command.refuseRun,
    QueueRetry: command.queueRetry(atTime(second)),
    PauseRun: command.pauseRun,
    ResumeRun: command.resumeRun,
    CancelRun: command.cancelRun,
    ConfirmCancel: command.confirmCancel(),
    StartRun: command.startRun(attempt + 1, `box.${attempt}`),
    StartStage: command.startStage(name, attempt),
    CompleteStage: command.completeStage(name, attempt),
    FailRun: command.failRun({
      attempt,
      stage: run.currentStage,
      retryable,
      at: atTime(second),
      error: { code, message: 'it broke' },
    }),
    CommitOutputs: command.commitOutputs(attempt),
    SucceedRun: command.succeedRun(attempt),
    ReconcileReplay: command.reconcileReplay,
    RecordDrift: command.recordDrift({ sink: `out-${second % 2}` }),
  }
  return all[type]
}

/** What was decided one after the other, from a request on, and each event with the run before and after it. */
export interface Lived {
  events: RunEvent[]
  turns: { before: Run; event: RunEvent; after: Run }[]
  run: Run
}

const live = (begins: boolean, steps: readonly Step[]): Lived => {
  const lived: Lived = { events: [], turns: [], run: runDecider.initial }
  const say = (said: RunCommand) => {
    for (const event of decided(said, lived.run)) {
      const after = runDecider.evolve(lived.run, event)
      lived.events.push(event)
      lived.turns.push({ before: lived.run, event, after })
      lived.run = after
    }
  }
  if (begins) say(command.requestRun())
  for (const next of steps) say(commandOf(lived.run, next))
  return lived
}

const decided = (said: RunCommand, run: Run): RunEvent[] => {
  try {
    return runDecider.decide(said, run)
  } catch (error) {
    if (error instanceof Rejection) return []
    throw error
  }
}

/** The lives of runs under any commands in any order. */
export const lives: fc.Arbitrary<Lived> = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
    fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }),
  )
  .map(([begins, steps]) => live(begins, steps))
