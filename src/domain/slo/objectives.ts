import type { JsonObject } from '../json.ts'

/** What a manifest's `slo` asks for; null is nothing. */
export interface Objectives {
  success_rate: number | null
  max_duration_seconds: number | null
  freshness_hours: number | null
}

const accepts: Record<keyof Objectives, (value: number) => boolean> = {
  success_rate: (value) => value > 0 && value <= 1,
  max_duration_seconds: (value) => value > 0,
  freshness_hours: (value) => value > 0,
}

/** A manifest's `slo` may hold anything: what is not understood is named. */
export const objectivesOf = (slo: JsonObject | null): { objectives: Objectives; ignored: string[] } => {
  const objectives: Objectives = { success_rate: null, max_duration_seconds: null, freshness_hours: null }
  const ignored: string[] = []
  for (const [name, value] of Object.entries(slo ?? {})) {
    if (isObjective(name) && typeof value === 'number' && accepts[name](value)) objectives[name] = value
    else ignored.push(name)
  }
  return { objectives, ignored: ignored.sort() }
}

const isObjective = (name: string): name is keyof Objectives => Object.hasOwn(accepts, name)

/** In milliseconds, as runs are counted by; null where any duration will do. */
export const maxDurationMsOf = ({ max_duration_seconds: seconds }: Objectives): number | null =>
  seconds === null ? null : seconds * 1_000
