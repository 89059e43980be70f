import type { PipelineId } from '../ids.ts'
import { type Environment, environments } from '../pipeline/environments.ts'
import { type AlertObjective, alertObjectives } from '../slo/alarm.ts'

export const alertKinds = ['slo', 'break-glass', 'integrity'] as const
export type AlertKind = (typeof alertKinds)[number]

/** What can be alarming again and again has a stream of its own: `alert-<tenant>.<this>`. */
export const sloStreamId = (pipelineId: PipelineId, environment: Environment, objective: AlertObjective): string =>
  `slo-${pipelineId}-${environment}-${objective}`

/** `number` counts the times that it was alarming, from 1. */
export const sloAlertId = (streamId: string, number: number): string => `${streamId}-${number}`
export const breakGlassAlertId = (approvalId: string): string => `break-glass-${approvalId}`
export const integrityAlertId = (log: string, { from, to }: { from: number; to: number }): string =>
  `integrity-${log}-${from}-${to}`

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const patterns: readonly (readonly [AlertKind, RegExp])[] = [
  ['slo', new RegExp(`^(slo-${uuid}-(?:${environments.join('|')})-(?:${alertObjectives.join('|')}))-[1-9]\\d{0,8}$`)],
  ['break-glass', new RegExp(`^(break-glass-${uuid})$`)],
  ['integrity', /^integrity-(commands|access)-\d{1,15}-\d{1,15}$/],
]

/** Its kind, and the id of the stream that it is in; undefined for what is no id of an alert. */
export const alertPlaceOf = (alertId: string): { kind: AlertKind; streamId: string } | undefined => {
  for (const [kind, pattern] of patterns) {
    const streamId = pattern.exec(alertId)?.[1]
    if (streamId !== undefined) return { kind, streamId }
  }
  return undefined
}
