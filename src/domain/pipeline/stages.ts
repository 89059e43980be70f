import type { FileSink, Manifest, Transformation } from './manifest.ts'

type Steps = Pick<Manifest, 'transformations' | 'quality_checks' | 'sinks'>

/** One stage of a run, by the name that its events carry. */
export type Stage =
  | { name: string; kind: 'transformation'; transformation: Transformation }
  | { name: string; kind: 'quality_checks' }
  | { name: string; kind: 'load'; sink: FileSink }

/** What a run of this manifest does, in order: transformations, then all checks as one stage, then a load per sink. */
export const planOf = (manifest: Steps): Stage[] => [
  ...manifest.transformations.map(
    (transformation): Stage => ({ name: transformation.name, kind: 'transformation', transformation }),
  ),
  ...(manifest.quality_checks.length > 0 ? [{ name: 'quality_checks', kind: 'quality_checks' } as const] : []),
  ...Object.entries(manifest.sinks).map(([name, sink]): Stage => ({ name: `load_${name}`, kind: 'load', sink })),
]

export const stagesOf = (manifest: Steps): string[] => planOf(manifest).map((stage) => stage.name)
