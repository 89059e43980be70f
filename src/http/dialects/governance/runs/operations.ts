import { listRuns, stagesOfRun } from '../../../../../projections/run-queries.ts'
import { runs } from '../../../../app/aggregates.ts'
import type { Code } from '../../../../domain/codes.ts'
import { firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { commandContext } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import { runIdIn, runIn } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { controlled, runDetail, runList, runQuery } from './schemas.ts'
import { shownDetail, shownRun, shownRunId } from './translate.ts'

const parameters = { run_id: 'the run' }

/** `/pipelines/runs`: what runs, and a hand on it. */
export const runOperations = (services: Services): Operation[] => [
  list(services),
  look(services),
  control(services, 'pause', 'PauseRun', 'Pause a run: the stage in progress is finished, the next one waits', [
    'RUN_NOT_ACTIVE',
    'RUN_CANCELING',
    'RUN_COMMITTED',
    'APPROVAL_PENDING',
  ]),
  control(services, 'resume', 'ResumeRun', 'Resume a run that was paused', ['RUN_NOT_PAUSED']),
  ...['stop', 'cancel'].map((word) =>
    control(services, word, 'CancelRun', 'Cancel a run: nothing is published, and what was staged is removed', [
      'RUN_NOT_ACTIVE',
      'RUN_COMMITTED',
    ]),
  ),
]

const list = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs',
    summary: 'Runs, newest first',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: runQuery,
    answers: { 200: { description: 'a page of runs', schema: runList } },
    codes: [],
    handle: async (c, { query: { pipeline, status, limit, page } }) => {
      await reads.beforeRead(c)
      const filter = {
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(status === undefined ? {} : { statuses: [status] }),
      }
      const { tenant } = c.get('principal')
      const { rows, total } = listRuns(views, tenant, filter, { limit, offset: (page - 1) * limit })
      return c.json({ runs: rows.map(shownRun), total, page, per_page: limit })
    },
  })

const look = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}',
    summary: 'A run as it stands, with its stages',
    action: 'ReadRuns',
    kind: 'query',
    parameters,
    answers: { 200: { description: 'the run', schema: runDetail } },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c) => {
      const run = await runIn(c, services)
      const { tenant, run_id: runId } = run
      return c.json(shownDetail(run, stagesOfRun(services.views, tenant, runId)))
    },
  })

type Control = 'PauseRun' | 'ResumeRun' | 'CancelRun'

/** To stop a run is to cancel it. What was rolled back is known once the worker has removed it: the run's events name each file. */
const control = (
  services: Services,
  word: string,
  type: Control,
  summary: string,
  codes: readonly Code[],
): Operation => {
  const { commands, reads, nowMs } = services
  const action = type === 'CancelRun' ? 'CancelRun' : 'PauseRun'
  return operation({
    method: 'post',
    path: `/runs/{run_id}/${word}`,
    summary,
    action,
    kind: 'command',
    parameters,
    answers: { 200: { description: 'the run as it is now', schema: controlled } },
    codes: ['RUN_NOT_FOUND', ...codes],
    handle: async (c) => {
      const runId = runIdIn(c)
      const { state } = await commands.load(runs, c.get('principal').tenant, runId)
      demand(c, services, action, state.requested?.environment ?? firstEnvironment)
      const context = commandContext(c, 'governance', { runId, word }, nowMs())
      const handled = await commands.handle(runs, runId, { type, runId }, context)
      reads.wrote(c, handled)
      const rolledBack = handled.events.flatMap(({ event }) =>
        event?.type === 'RunCanceled' ? event.data.removed : [],
      )
      return c.json({
        run_id: shownRunId(runId),
        status: handled.state.status ?? ('queued' as const),
        rolled_back: rolledBack,
      })
    },
  })
}
