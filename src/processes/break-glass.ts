import { approvals, breakGlassAlerts } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { BreakGlassWork, BrokenGlass } from '../app/ports/alerts.ts'
import { breakGlassAlertId } from '../domain/alert/ids.ts'
import { parseSlug, type Slug } from '../domain/ids.ts'
import type { JsonObject, JsonValue } from '../domain/json.ts'
import { DueWork, type DueWorkDeps } from './due-work.ts'

interface BreakGlassDeps extends DueWorkDeps {
  work: BreakGlassWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  nowMs(): number
}

const name = 'break-glass'

/** Tells everybody when somebody has decided alone what takes others. */
export const breakGlassWatch = ({ work, commands, nowMs, ...deps }: BreakGlassDeps): DueWork<BrokenGlass> =>
  new DueWork(
    {
      name,
      wokenBy: ['ApprovalOverridden'],
      due: () => work.untold(),
      keyOf: ({ tenant, approvalId }) => JSON.stringify([tenant, approvalId]),
      act: async ({ tenant, approvalId, cause }) => {
        const { state, position } = await commands.load(approvals, tenant, approvalId)
        const { asked, overridden } = state
        if (!asked || !overridden) return position
        const { target, command } = asked
        const alert = {
          approvalId,
          target,
          pipeline: pipelineIn(command),
          command: typeof command.type === 'string' ? command.type : '',
          by: overridden.by,
        }
        const context = { ...systemContext(tenant, name, nowMs(), cause), reason: overridden.reason }
        const raise = { type: 'RaiseBreakGlassAlert' as const, alert }
        return (await commands.handle(breakGlassAlerts, breakGlassAlertId(approvalId), raise, context)).position
      },
    },
    deps,
  )

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Runs and backfills are asked for by `request`, promotions by `promotion`. */
const pipelineIn = ({ request, promotion }: JsonObject): Slug | null => {
  const named = isObject(request) ? request.pipeline : isObject(promotion) ? promotion.slug : undefined
  return typeof named === 'string' ? (parseSlug(named) ?? null) : null
}
