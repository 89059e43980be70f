import { runs } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { DoneReplay, ReplayWork } from '../app/ports/replays.ts'
import { DueWork, type DueWorkDeps } from './due-work.ts'

interface ReconciliationDeps extends DueWorkDeps {
  work: ReplayWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  nowMs(): number
}

const name = 'reconciliation'

/** Has a replay that succeeded record how its output differs from that of the run that it repeats. */
export const reconciliation = ({ work, commands, nowMs, ...deps }: ReconciliationDeps): DueWork<DoneReplay> =>
  new DueWork(
    {
      name,
      wokenBy: ['RunSucceeded'],
      due: () => work.unreconciled(),
      keyOf: ({ tenant, runId }) => JSON.stringify([tenant, runId]),
      act: async ({ tenant, runId, cause }) => {
        const { state, position } = await commands.load(runs, tenant, runId)
        const replayOf = state.requested?.replayOf
        if (!replayOf) return position
        const { state: original } = await commands.load(runs, tenant, replayOf.runId)
        const command = { type: 'ReconcileReplay' as const, runId, original: original.completed }
        const context = systemContext(tenant, name, nowMs(), cause)
        return (await commands.handle(runs, runId, command, context)).position
      },
    },
    deps,
  )
