import { Rejection } from '../codes.ts'
import type { RunId } from '../ids.ts'
import type { ControlCommand } from './commands.ts'
import type { ReplayReconciled, RunEvent, StagedFile } from './events.ts'
import type { Run } from './state.ts'

/** What a run has made, by stage: rows and files. */
type RunOutput = Run['completed']

type Of<Type extends ControlCommand['type']> = Extract<ControlCommand, { type: Type }>

/** A replay beside the run that it repeats, once it has succeeded. What the original never came to is null. */
export const reconcileReplay = ({ runId, original }: Of<'ReconcileReplay'>, run: Run): RunEvent[] => {
  const replayOf = run.requested?.replayOf?.runId
  if (replayOf === undefined || run.status !== 'succeeded') {
    throw new Rejection('STAGE_OUT_OF_ORDER', `run '${runId}' is no replay that has succeeded`, { runId })
  }
  if (run.reconciled) return []
  return [{ type: 'ReplayReconciled', data: compared(runId, replayOf, original, run.completed) }]
}

const compared = (runId: RunId, replayOf: RunId, before: RunOutput, after: RunOutput): ReplayReconciled => {
  const stages = Object.entries(after).map(([stage, { rows }]) => ({
    stage,
    rowsBefore: Object.hasOwn(before, stage) ? (before[stage]?.rows ?? null) : null,
    rowsAfter: rows,
  }))
  const hashes = hashesOf(before)
  const files = [...hashesOf(after)].map(([target, sha256]) => ({
    target,
    // A path may hold the run's id, as that of rejected rows does.
    sha256Before: hashes.get(target) ?? hashes.get(target.replaceAll(runId, replayOf)) ?? null,
    sha256After: sha256,
  }))
  const isSame =
    stages.every(({ rowsBefore, rowsAfter }) => rowsBefore === rowsAfter) &&
    files.every(({ sha256Before, sha256After }) => sha256Before === sha256After)
  return { runId, replayOf, stages, files, isSame }
}

const hashesOf = (output: RunOutput): Map<string, string> =>
  new Map(
    Object.values(output)
      .flatMap(({ files }): readonly StagedFile[] => files)
      .map(({ target, sha256 }) => [target, sha256]),
  )
