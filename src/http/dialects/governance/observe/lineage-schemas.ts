import { z } from 'zod'
import { directInfluences, indirectInfluences } from '../../../../domain/run/lineage.ts'
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
  column: z
    .string({ error: 'must be a string' })
    .min(1, 'must not be empty')
    .max(1_000, 'must have at most 1000 characters')
    .optional()
    .meta({ description: 'Of the dataset: follows this column instead of the whole, in any case of its letters' }),
  influence: z
    .enum(['all', 'direct'], { error: 'must be all or direct' })
    .default('all')
    .meta({ description: 'direct: only what comes into a column, not what decides on it. With a column' }),
  run: text.optional().meta({ description: 'Instead of a dataset: all that a run has read and written' }),
  direction: z
    .enum(['upstream', 'downstream', 'both'], { error: 'must be upstream, downstream or both' })
    .default('both'),
  depth: wholeNumber(1, 50).default(10).meta({ description: 'How many stages away from where it begins' }),
  format,
})

const dataset = z.strictObject({ namespace: text, name: text })

const transformation = z.strictObject({
  type: z.enum(['DIRECT', 'INDIRECT']),
  subtype: z.enum([...directInfluences, ...indirectInfluences]),
})
const transformations = z.array(transformation)

const inputField = z.strictObject({ namespace: text, name: text, field: text, transformations })
const columnLineageFacet = z.strictObject({
  _producer: text,
  _schemaURL: text,
  fields: z.record(text, z.strictObject({ inputFields: z.array(inputField) })),
  dataset: z.array(inputField),
})

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
    outputs: z.array(dataset.extend({ facets: z.strictObject({ columnLineage: columnLineageFacet }).optional() })),
  }),
)

const hop = {
  direction: z.enum(['upstream', 'downstream']),
  depth: z.int(),
  runs: z.int().meta({ description: 'Runs that succeeded in this' }),
  last_run_id: text,
  last_at: time,
}

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
      ...hop,
    }),
  ),
})

const inputColumn = z.strictObject({ namespace: text, name: text, column: text, transformations })
export const columnGraph = z.strictObject({
  from: z.array(z.strictObject({ namespace: text, name: text, column: text })),
  direction: z.enum(['upstream', 'downstream', 'both']),
  influence: z.enum(['all', 'direct']),
  depth: z.int(),
  truncated: z.boolean().meta({ description: 'Whether there is more than is shown here' }),
  nodes: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ id: text, type: z.literal('column'), namespace: text, name: text, column: text }),
      z.strictObject({ id: text, type: z.literal('dataset'), namespace: text, name: text }),
      z.strictObject({ id: text, type: z.literal('job'), pipeline: text, stage: text }),
    ]),
  ),
  edges: z.array(z.strictObject({ from: text, to: text })),
  paths: z.array(
    z.strictObject({
      input: text,
      job: text,
      output: text,
      transformations,
      known: z.boolean().meta({ description: 'false: which columns, nobody knows; an end is the whole dataset' }),
      ...hop,
    }),
  ),
})

const outputColumns = z.strictObject({
  output: dataset,
  columns: z.array(
    z.strictObject({
      name: text,
      inputs: z.array(inputColumn),
      unknown: z.literal(true).optional().meta({ description: 'There may be other inputs' }),
    }),
  ),
  rows: z.array(inputColumn).meta({ description: 'Decide which rows there are: every column depends on them' }),
  left_out: z.literal(true).optional().meta({ description: 'It was too much to be kept' }),
})

export const runLineage = z.strictObject({
  run_id: text,
  pipeline: text,
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'rejected']).nullable(),
  published: z.boolean().meta({ description: 'Whether the outputs are; only those of a run that succeeded are' }),
  stages: z.array(
    z.strictObject({
      stage: text,
      at: time,
      inputs: z.array(dataset),
      outputs: z.array(dataset),
      columns: z.array(outputColumns),
    }),
  ),
})
