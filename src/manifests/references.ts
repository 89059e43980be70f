import { isRejecting, type Manifest, type ParameterSpec } from '../domain/pipeline/manifest.ts'
import { rejectedFolder } from '../domain/pipeline/relative-path.ts'
import { stagesOf } from '../domain/pipeline/stages.ts'

interface Finding {
  path: (string | number)[]
  message: string
}

/** What a schema of single fields cannot see: names that clash, and names that nothing bears. */
export const checkReferences = (manifest: Manifest): Finding[] => [
  ...repeatedNames(manifest),
  ...unknownTables(manifest),
  ...rowLimits(manifest),
  ...rejections(manifest),
  ...Object.entries(manifest.parameters).flatMap(([name, spec]) => parameterFindings(name, spec)),
  ...(stagesOf(manifest).length === 0 ? [{ path: [], message: 'has no stage: there is nothing to run' }] : []),
]

/** SQL does not tell `Day` from `day`, and neither do some file systems. */
const repeats = (names: readonly string[]): string[] => {
  const seen = new Set<string>()
  return names.filter((name) => seen.size === seen.add(name.toLowerCase()).size)
}

const repeatedNames = ({ sources, transformations, sinks, quality_checks, ...rest }: Manifest): Finding[] => {
  const tables = [...Object.keys(sources), ...transformations.map(({ name }) => name)]
  const repeated = repeats(tables)
  const stages = stagesOf({ transformations, sinks, quality_checks })
  return [
    ...repeated.map((name) => ({
      path: ['transformations'],
      message: `'${name}' is the name of more than one source or transformation`,
    })),
    ...repeats(stages)
      .filter((name) => !repeated.includes(name))
      .map((name) => ({ path: ['transformations'], message: `'${name}' is the name of more than one stage` })),
    ...repeats(quality_checks.map(({ name }) => name)).map((name) => ({
      path: ['quality_checks'],
      message: `'${name}' is the name of more than one check`,
    })),
    ...repeats(Object.values(sinks).map(({ path }) => path)).map((path) => ({
      path: ['sinks'],
      message: `'${path}' is the path of more than one sink`,
    })),
    ...repeats(['partition', 'run_id', ...Object.keys(rest.parameters)]).map((name) => ({
      path: ['parameters', name],
      message: `the name '${name}' is taken: $partition and $run_id are given`,
    })),
  ]
}

const unknownTables = ({ sources, transformations, sinks, quality_checks }: Manifest): Finding[] => {
  const tables = new Set(Object.keys(sources))
  const others = new Map<string, string>()
  for (const { name, type } of transformations) type === 'sql' ? tables.add(name) : others.set(name, type)
  const finding = (name: string, path: (string | number)[]): Finding[] => {
    if (tables.has(name)) return []
    const type = others.get(name)
    const message =
      type === undefined
        ? `'${name}' is neither a source nor a transformation`
        : `'${name}' is a ${type} step, which leaves no table to read`
    return [{ path, message }]
  }
  return [
    ...Object.entries(sinks).flatMap(([name, sink]) => finding(sink.from, ['sinks', name, 'from'])),
    ...quality_checks.flatMap((check, index) => finding(check.on, ['quality_checks', index, 'on'])),
  ]
}

const rowLimits = ({ quality_checks }: Manifest): Finding[] =>
  quality_checks.flatMap((check, index) => {
    if (check.type !== 'row_count') return []
    if (check.min === null && check.max === null)
      return [{ path: ['quality_checks', index], message: 'needs min, max or both' }]
    return check.min !== null && check.max !== null && check.min > check.max
      ? [{ path: ['quality_checks', index, 'max'], message: `is less than min (${check.min})` }]
      : []
  })

const rejections = ({ name, quality_checks, sinks }: Manifest): Finding[] => {
  const folder = rejectedFolder(name)
  const taken = Object.entries(sinks).filter(([, { path }]) => path.toLowerCase().startsWith(`${folder}/`))
  return [
    ...quality_checks.flatMap((check, index) =>
      check.type === 'row_count' || check.max_rejected_share === undefined || isRejecting(check)
        ? []
        : [{ path: ['quality_checks', index, 'max_rejected_share'], message: 'is for on_failure: reject' }],
    ),
    ...(quality_checks.some(isRejecting) ? taken : []).map(([sink, { path }]) => ({
      path: ['sinks', sink, 'path'],
      message: `'${path}' lies in ${folder}, where the rows go that the checks reject`,
    })),
  ]
}

const parameterFindings = (name: string, spec: ParameterSpec): Finding[] => {
  const path = ['parameters', name]
  const { minimum, maximum } = spec
  const isNumber = spec.type === 'integer' || spec.type === 'number'
  if (!isNumber && (minimum !== null || maximum !== null))
    return [{ path, message: `minimum and maximum are for numbers, not for a ${spec.type}` }]
  if (minimum !== null && maximum !== null && minimum > maximum)
    return [{ path: [...path, 'maximum'], message: `is less than minimum (${minimum})` }]
  if (spec.default === null || fits(spec.default, spec)) return []
  return [{ path: [...path, 'default'], message: `is not of type ${spec.type} within its limits` }]
}

const fits = (value: unknown, { type, minimum, maximum }: ParameterSpec): boolean => {
  if (type === 'string' || type === 'boolean') return typeof value === type
  if (typeof value !== 'number' || (type === 'integer' && !Number.isSafeInteger(value))) return false
  return (minimum === null || value >= minimum) && (maximum === null || value <= maximum)
}
