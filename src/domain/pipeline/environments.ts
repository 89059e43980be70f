/** From the first to the last: a version goes from each to the next. */
export const environments = ['dev', 'staging', 'prod'] as const
export type Environment = (typeof environments)[number]

/** Where new versions are, and where a run is that names no environment. */
export const firstEnvironment: Environment = 'dev'
