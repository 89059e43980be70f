import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import * as approval from './approval.ts'
import type { RunCommand } from './commands.ts'
import * as control from './control.ts'
import type { RunEvent } from './events.ts'
import { reconcileReplay } from './reconciliation.ts'
import { evolveRun, noRun, type Run } from './state.ts'
import * as work from './work.ts'

/** The state machine of DESIGN.md section 5. */
const decideRun = (command: RunCommand, run: Run): RunEvent[] => {
  if (command.type === 'RequestRun') return control.requestRun(command, run)
  if (command.type === 'AbandonRun') return control.abandonRun(command, run)
  if (!run.requested) throw new Rejection('RUN_NOT_FOUND', `run '${command.runId}' not found`, { runId: command.runId })
  switch (command.type) {
    case 'ReleaseRun':
      return approval.releaseRun(command, run)
    case 'RefuseRun':
      return approval.refuseRun(command, run)
    case 'QueueRetry':
      return control.queueRetry(command, run)
    case 'PauseRun':
      return control.pauseRun(command, run)
    case 'ResumeRun':
      return control.resumeRun(command, run)
    case 'CancelRun':
      return control.cancelRun(command, run)
    case 'ConfirmCancel':
      return control.confirmCancel(command, run)
    case 'ReconcileReplay':
      return reconcileReplay(command, run)
    case 'RecordDrift':
      return control.recordDrift(command, run)
    case 'StartRun':
      return work.startRun(command, run)
    case 'StartStage':
      return work.startStage(command, run)
    case 'CompleteStage':
      return work.completeStage(command, run)
    case 'FailRun':
      return work.failRun(command, run)
    case 'CommitOutputs':
      return work.commitOutputs(command, run)
    case 'SucceedRun':
      return work.succeedRun(command, run)
  }
}

export const runDecider: Decider<Run, RunCommand, RunEvent> = { initial: noRun, decide: decideRun, evolve: evolveRun }
