import { StageError } from '../../../app/ports/engine.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { ParameterSpec } from '../../../domain/pipeline/manifest.ts'
import { historyDays } from './calendar.ts'

/** What the five manifests declare; a test holds them to this table. */
export const parameterSpecs = {
  parties: { type: 'integer', default: 100, minimum: 1, maximum: 100_000 },
  scorecard_version: { type: 'string', default: 'v1', minimum: null, maximum: null },
  observation_window_days: { type: 'integer', default: 180, minimum: 1, maximum: historyDays },
  blend_factor: { type: 'number', default: 0.5, minimum: 0, maximum: 1 },
  test_size: { type: 'number', default: 0.2, minimum: 0.05, maximum: 0.95 },
  min_samples: { type: 'integer', default: 100, minimum: 1, maximum: 1_000_000 },
  auc_threshold: { type: 'number', default: 0.6, minimum: 0, maximum: 1 },
} as const satisfies Record<string, ParameterSpec>

type Specs = typeof parameterSpecs
type Name = keyof Specs
type NumberName = { [N in Name]: Specs[N]['type'] extends 'string' ? never : N }[Name]

/** The manifest has checked the value already; a step that is run by itself must not trust that. */
export const numberParameter = (parameters: JsonObject, name: NumberName): number => {
  const spec = parameterSpecs[name]
  const value = parameters[name] ?? spec.default
  const fits = typeof value === 'number' && value >= spec.minimum && value <= spec.maximum
  if (fits && (spec.type === 'number' || Number.isInteger(value))) return value
  const kind = spec.type === 'integer' ? 'an integer' : 'a number'
  throw new StageError(
    'STAGE_FAILED',
    `Parameter '${name}' must be ${kind} from ${spec.minimum} to ${spec.maximum}`,
    false,
  )
}

export const scorecardVersionParameter = (parameters: JsonObject): string => {
  const value = parameters.scorecard_version ?? parameterSpecs.scorecard_version.default
  if (typeof value === 'string') return value
  throw new StageError('STAGE_FAILED', "Parameter 'scorecard_version' must be a string", false)
}
