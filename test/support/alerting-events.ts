import type { BreakGlassAlert, SloAlert } from '../../src/domain/alert/events.ts'
import { breakGlassAlertId, sloAlertId, sloStreamId } from '../../src/domain/alert/ids.ts'
import { pipelineOf, slugOf } from './ids.ts'

const objective = 'success_rate'
const environment = 'dev'

/** The success rate of `flights` in dev, alarming for the first time. */
export const sloAlertOf = (over: Partial<SloAlert> = {}): SloAlert => ({
  alertId: sloAlertId(sloStreamId(pipelineOf(1), environment, objective), 1),
  pipelineId: pipelineOf(1),
  pipeline: slugOf('flights'),
  environment,
  objective,
  severity: 'burning',
  detail: '1 of 2 runs failed in 30 days; 0.02 may (0.99 have to succeed)',
  figures: {
    objective: 0.99,
    actual: 0.5,
    burnRate: { lastHour: 50, lastSixHours: 50 },
    budgetLeft: -0.98,
    ageHours: 1,
  },
  windowDays: 30,
  ...over,
})

export const breakGlassAlertOf = (over: Partial<BreakGlassAlert> = {}): BreakGlassAlert => ({
  alertId: breakGlassAlertId('00000000-0000-4000-8000-0000000000a1'),
  approvalId: '00000000-0000-4000-8000-0000000000a1',
  target: { kind: 'run', id: 'r1' },
  pipeline: slugOf('flights'),
  command: 'RequestRun',
  by: 'ada',
  ...over,
})
