import { z } from 'zod'
import { Rejection } from '../../../../domain/codes.ts'
import { environment } from '../manifests/schemas.ts'

const dayMs = 86_400_000
const periodDefaultMs = 7 * dayMs
const isoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'must be an ISO 8601 date or time',
})

export const periodQuery = z.strictObject({
  from: isoTime.optional().meta({ description: 'Runs that ended then or later; 7 days before `to`, unless given' }),
  to: isoTime.optional().meta({ description: 'Runs that ended before; now, unless given' }),
  environment: environment.optional(),
})

/** The environment is left out where none is asked for, which is all of them. */
export const periodOf = ({ from, to, environment: named }: z.output<typeof periodQuery>, nowMs: number) => {
  const toMs = to === undefined ? nowMs : Date.parse(to)
  const fromMs = from === undefined ? toMs - periodDefaultMs : Date.parse(from)
  if (fromMs >= toMs) {
    const field = from === undefined ? 'to' : 'from'
    throw new Rejection('VALIDATION_FAILED', `${field}: the period must begin before it ends`, { field })
  }
  return { fromMs, toMs, ...(named === undefined ? {} : { environment: named }) }
}

/** Of milliseconds. */
export const isoOf = (ms: number): string => new Date(ms).toISOString()
