import { runs } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { DriftWork, FoundDrift } from '../app/ports/drift.ts'
import { DueWork, type DueWorkDeps } from './due-work.ts'

interface DriftDeps extends DueWorkDeps {
  work: DriftWork
  commands: Pick<CommandHandler, 'handle'>
  nowMs(): number
}

const name = 'drift-watch'

/** Has a run that succeeded record how its sinks differ from those of the last run before it. */
export const driftWatch = ({ work, commands, nowMs, ...deps }: DriftDeps): DueWork<FoundDrift> =>
  new DueWork(
    {
      name,
      wokenBy: ['RunSucceeded'],
      due: () => work.unrecorded(),
      dueAfter: (events) =>
        events.flatMap(({ event, metadata }) =>
          event?.type === 'RunSucceeded' ? work.ofRun(metadata.tenant, event.data.runId) : [],
        ),
      keyOf: ({ tenant, runId, sink }) => JSON.stringify([tenant, runId, sink]),
      act: async ({ tenant, cause, ...drift }) => {
        const context = systemContext(tenant, name, nowMs(), cause)
        return (await commands.handle(runs, drift.runId, { type: 'RecordDrift', ...drift }, context)).position
      },
    },
    deps,
  )
