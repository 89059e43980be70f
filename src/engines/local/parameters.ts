import { BIGINT, BOOLEAN, DOUBLE, type DuckDBType, type DuckDBValue, VARCHAR } from '@duckdb/node-api'
import type { EngineJob } from '../../app/ports/engine.ts'
import type { JsonValue } from '../../domain/json.ts'
import type { ParameterSpec } from '../../domain/pipeline/manifest.ts'
import type { Bindings } from './database.ts'
import { failed } from './errors.ts'

export const typeOfParameter: Record<ParameterSpec['type'], DuckDBType> = {
  string: VARCHAR,
  integer: BIGINT,
  number: DOUBLE,
  boolean: BOOLEAN,
}

/** The values of the `$names` that a query asks for; DuckDB refuses those that it does not. */
export const bind = (names: readonly string[], job: EngineJob): Bindings => {
  const bindings: Bindings = { values: {}, types: {} }
  for (const name of names) {
    const { value, type } = lookUp(name, job)
    bindings.values[name] = bindable(name, value, type)
    bindings.types[name] = typeOfParameter[type]
  }
  return bindings
}

const lookUp = (name: string, job: EngineJob): { value: JsonValue; type: ParameterSpec['type'] } => {
  if (name === 'run_id') return { value: job.runId, type: 'string' }
  if (name === 'partition') {
    if (job.partition === null) throw failed('$partition is used, but this run has no partition')
    return { value: job.partition, type: 'string' }
  }
  const spec = Object.hasOwn(job.manifest.parameters, name) ? job.manifest.parameters[name] : undefined
  if (spec === undefined) throw failed(`$${name} is not a parameter of this pipeline`)
  const given = Object.hasOwn(job.parameters, name) ? job.parameters[name] : undefined
  return { value: given ?? spec.default, type: spec.type }
}

const bindable = (name: string, value: JsonValue, type: ParameterSpec['type']): DuckDBValue => {
  if (value === null) return null
  if (type === 'string' && typeof value === 'string') return value
  if (type === 'boolean' && typeof value === 'boolean') return value
  if (type === 'number' && typeof value === 'number') return value
  if (type === 'integer' && Number.isSafeInteger(value)) return BigInt(Number(value))
  throw failed(`$${name} must be of type ${type}`)
}
