import { Rejection } from '../codes.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import type { Manifest, ParameterSpec } from './manifest.ts'

/**
 * The parameters of a run: what was given, and the manifest's defaults for the rest. A manifest that declares none
 * takes any; one that declares some takes only those, of their type and within their bounds.
 */
export const resolveParameters = ({ parameters: specs }: Manifest, given: JsonObject): JsonObject => {
  const declared = Object.keys(specs)
  const resolved: JsonObject = declared.length === 0 ? { ...given } : {}
  for (const name of Object.keys(given)) {
    if (declared.length > 0 && !Object.hasOwn(specs, name)) {
      const known = declared.join(', ')
      throw invalid(name, `config.${name} is not a parameter of this pipeline; it knows ${known}`)
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = (Object.hasOwn(given, name) ? given[name] : null) ?? spec.default
    const problem = problemOf(value, spec)
    if (problem) throw invalid(name, `config.${name} ${problem}`)
    resolved[name] = value
  }
  return resolved
}

const invalid = (name: string, message: string): Rejection =>
  new Rejection('VALIDATION_FAILED', message, { field: `config.${name}` })

const problemOf = (value: JsonValue, { type, minimum, maximum }: ParameterSpec): string | null => {
  if (value === null) return null
  if (type === 'integer' ? !Number.isSafeInteger(value) : typeof value !== type) return `must be of type ${type}`
  if (typeof value !== 'number') return null
  if (minimum !== null && value < minimum) return `must be at least ${minimum}`
  if (maximum !== null && value > maximum) return `must be at most ${maximum}`
  return null
}
