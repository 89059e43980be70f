import { z } from 'zod'
import { required, wholeNumber } from '../../../validate.ts'

const text = z.string()
const time = z.iso.datetime()

const format = z
  .enum(['json', 'openlineage'], { error: 'must be json or openlineage' })
  .default('json')
  .meta({ description: 'openlineage: a list of OpenLineage RunEvents, one per stage' })

export const formatQuery = z.strictObject({ format })

export const lineageQuery = z.strictObject({
  dataset: z
    .string({ error: required('a string') })
    .min(1, 'must not be empty')
    .max(2_000, 'must have at most 2000 characters')
    .optional()
    .meta({ description: '`NAMESPACE/NAME`, such as `file://default/routes/2001-01-01.parquet`' }),
  run: text.optional().meta({ description: 'Instead of a dataset: all that a run has read and written' }),
  direction: z
    .enum(['upstream', 'downstream', 'both'], { error: 'must be upstream, downstream or both' })
    .default('both'),
  depth: wholeNumber(1, 50).default(10).meta({ description: 'How many stages away from where it begins' }),
  format,
})

const dataset = z.strictObject({ namespace: text, name: text })

export const openLineageEvents = z.array(
  z.strictObject({
    eventType: z.literal('COMPLETE'),
    eventTime: time,
    producer: text,
    schemaURL: text,
    run: z.strictObject({
      runId: z.uuid(),
      facets: z.strictObject({
        parent: z.strictObject({
          _producer: text,
          _schemaURL: text,
          run: z.strictObject({ runId: z.uuid() }),
          job: z.strictObject({ namespace: text, name: text }),
        }),
      }),
    }),
    job: z.strictObject({ namespace: text, name: text }),
    inputs: z.array(dataset),
    outputs: z.array(dataset),
  }),
)

export const lineageGraph = z.strictObject({
  from: z.array(dataset),
  direction: z.enum(['upstream', 'downstream', 'both']),
  depth: z.int(),
  truncated: z.boolean().meta({ description: 'Whether there is more than is shown here' }),
  nodes: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ id: text, type: z.literal('dataset'), namespace: text, name: text }),
      z.strictObject({ id: text, type: z.literal('job'), pipeline: text, stage: text }),
    ]),
  ),
  edges: z.array(z.strictObject({ from: text, to: text })),
  /** Which input went into which output, for a job that has many is a node with all of them. */
  paths: z.array(
    z.strictObject({
      input: text.nullable(),
      job: text,
      output: text.nullable(),
      direction: z.enum(['upstream', 'downstream']),
      depth: z.int(),
      runs: z.int().meta({ description: 'Runs that succeeded in this' }),
      last_run_id: text,
      last_at: time,
    }),
  ),
})

export const runLineage = z.strictObject({
  run_id: text,
  pipeline: text,
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'rejected']).nullable(),
  published: z.boolean().meta({ description: 'Whether the outputs are; only those of a run that succeeded are' }),
  stages: z.array(z.strictObject({ stage: text, at: time, inputs: z.array(dataset), outputs: z.array(dataset) })),
})
