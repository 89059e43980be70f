import type { Manifest, Orchestration } from '../../src/domain/pipeline/manifest.ts'

/** A manifest of the stages `extract` and `load`, for the fake engine. */
export const manifestOf = (over: Partial<Manifest> = {}, orchestration: Partial<Orchestration> = {}): Manifest => ({
  name: 'flights',
  version: '1.0.0',
  title: null,
  description: null,
  owner: null,
  parameters: {},
  sources: {},
  transformations: [
    { name: 'extract', type: 'sleep', seconds: 0 },
    { name: 'load', type: 'sleep', seconds: 0 },
  ],
  sinks: {},
  quality_checks: [],
  orchestration: {
    engine: 'fake',
    partition: null,
    retries: 0,
    retry_delay_seconds: 5,
    timeout_seconds: 3_600,
    max_active_runs: 1,
    ...orchestration,
  },
  slo: null,
  contract: null,
  ...over,
})
