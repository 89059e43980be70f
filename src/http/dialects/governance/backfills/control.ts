import type { Context } from 'hono'
import { backfills } from '../../../../app/aggregates.ts'
import { type Code, Rejection } from '../../../../domain/codes.ts'
import { isUuid } from '../../../../domain/ids.ts'
import { firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { commandContext, type Env } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import type { Services } from '../../../services.ts'
import { backfillControlled } from './schemas.ts'

export const backfillParameters = { backfill_id: 'the backfill' }

/** A hand on a backfill that runs. */
export const backfillControls = (services: Services): Operation[] => [
  control(services, 'pause', 'PauseBackfill', 'Pause: runs under way go on, no others begin'),
  control(services, 'resume', 'ResumeBackfill', 'Resume a backfill that was paused'),
  control(services, 'cancel', 'CancelBackfill', 'Cancel: no others begin, and those under way are canceled'),
]

type Control = 'PauseBackfill' | 'ResumeBackfill' | 'CancelBackfill'
const codes: readonly Code[] = ['BACKFILL_NOT_FOUND', 'BACKFILL_NOT_ACTIVE']

const control = (services: Services, word: string, type: Control, summary: string): Operation =>
  operation({
    method: 'post',
    path: `/backfills/{backfill_id}/${word}`,
    summary,
    action: 'ControlBackfill',
    kind: 'command',
    parameters: backfillParameters,
    answers: { 200: { description: 'the backfill as it is now', schema: backfillControlled } },
    codes,
    handle: async (c) => {
      const { commands, reads, nowMs } = services
      const backfillId = backfillIdIn(c)
      const { state } = await commands.load(backfills, c.get('principal').tenant, backfillId)
      demand(c, services, 'ControlBackfill', state.asked?.environment ?? firstEnvironment)
      const context = commandContext(c, 'governance', { backfillId, word }, nowMs())
      const handled = await commands.handle(backfills, backfillId, { type, backfillId }, context)
      reads.wrote(c, handled)
      return c.json({ backfill_id: backfillId, status: handled.state.status ?? ('running' as const) })
    },
  })

export const backfillIdIn = (c: Context<Env>): string => {
  const backfillId = c.get('params').backfill_id ?? ''
  if (!isUuid(backfillId)) throw backfillNotFound(backfillId)
  return backfillId
}

export const backfillNotFound = (backfillId: string) =>
  new Rejection('BACKFILL_NOT_FOUND', `backfill '${backfillId}' not found`, { backfillId })
