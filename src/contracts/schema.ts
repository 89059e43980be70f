import { z } from 'zod'
import { canonicalJson } from '../domain/canonical-json.ts'
import type { JsonObject } from '../domain/json.ts'

interface Problem {
  path: string
  message: string
}

const columnsMax = 1_000
const valuesMax = 1_000
const schemaCharsMax = 262_144
const draft = 'https://json-schema.org/draft/2020-12/schema'
const typeNames = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'] as const

const told = z.string({ error: 'must be a text' }).optional()
const typeName = z.enum(typeNames, { error: `must be one of ${typeNames.join(', ')}, or a list of them` })
const count = z.int('must be a whole number').nonnegative('must be 0 or more').optional()
const limit = z.number({ error: 'must be a number' }).optional()

const isPattern = (text: string): boolean => {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

const annotations = {
  title: told,
  description: told,
  $comment: told,
  default: z.json().optional(),
  examples: z.array(z.json(), { error: 'must be a list' }).optional(),
  deprecated: z.boolean({ error: 'must be true or false' }).optional(),
}

const distinct = (values: readonly (JsonObject | z.core.util.JSONType)[]): boolean =>
  new Set(values.map((value) => canonicalJson(value))).size === values.length

/** What may be said of a column. References are left out: what one points at could change while it stays the same. */
const column: z.ZodType<Record<string, unknown>> = z.strictObject(
  {
    ...annotations,
    type: z
      .union([typeName, z.array(typeName).min(1, 'must not be empty').refine(distinct, 'must not repeat itself')], {
        error: `must be one of ${typeNames.join(', ')}, or a list of them`,
      })
      .optional(),
    enum: z
      .array(z.json(), { error: 'must be a list of values' })
      .min(1, 'must not be empty')
      .max(valuesMax, `must have at most ${valuesMax} values`)
      .refine(distinct, 'must not repeat itself')
      .optional(),
    const: z.json().optional(),
    nullable: z.boolean({ error: 'must be true or false' }).optional(),
    format: told,
    pattern: z.string({ error: 'must be a text' }).refine(isPattern, 'must be a regular expression').optional(),
    minLength: count,
    maxLength: count,
    minimum: limit,
    maximum: limit,
    exclusiveMinimum: limit,
    exclusiveMaximum: limit,
    multipleOf: z.number({ error: 'must be a number' }).positive('must be more than 0').optional(),
    minItems: count,
    maxItems: count,
    get items(): z.ZodType {
      return column.optional()
    },
    get properties(): z.ZodType {
      return z.record(z.string(), column, { error: 'must be an object' }).optional()
    },
    required: z.array(z.string(), { error: 'must be a list' }).refine(distinct, 'must not repeat itself').optional(),
    additionalProperties: z.boolean({ error: 'must be true or false' }).optional(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
)

/** JSON Schema 2020-12 of a table's rows, as far as versions of it can be compared. */
const tableSchema = z.strictObject({
  ...annotations,
  $schema: z.literal(draft, { error: `must be ${draft}` }).optional(),
  $id: told,
  type: z.literal('object', { error: "must be 'object': a contract is of a table's rows" }),
  properties: z
    .record(z.string().min(1, 'must not be empty'), column, { error: 'must be an object of columns' })
    .refine((found) => Object.keys(found).length >= 1, 'must name at least one column')
    .refine((found) => Object.keys(found).length <= columnsMax, `must name at most ${columnsMax} columns`),
  required: z
    .array(z.string(), { error: 'must be a list of columns' })
    .refine(distinct, 'must not repeat itself')
    .optional(),
  additionalProperties: z.boolean({ error: 'must be true or false' }).optional(),
})

/** A contract's schema, or all that is wrong with it; a path is `properties.origin.type`, the whole of it is ''. */
export const readContractSchema = (value: JsonObject): { schema: JsonObject } | { problems: Problem[] } => {
  const parsed = tableSchema.safeParse(value)
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(problemsOf) }
  const { properties, required = [] } = parsed.data
  const problems = required.flatMap((name, index) =>
    Object.hasOwn(properties, name) ? [] : [{ path: `required.${index}`, message: `'${name}' is not in properties` }],
  )
  for (const [name, { nullable, type }] of Object.entries(properties)) {
    if (nullable !== undefined && type === undefined)
      problems.push({ path: `properties.${name}.nullable`, message: 'needs a type beside it' })
  }
  if (canonicalJson(value).length > schemaCharsMax)
    problems.push({ path: '', message: `is longer than ${schemaCharsMax} characters` })
  return problems.length > 0 ? { problems } : { schema: value }
}

const problemsOf = (issue: z.core.$ZodIssue): Problem[] => {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path.join('.'), message: issue.message }]
  return issue.keys.map((key) => ({
    path: [...issue.path, key].join('.'),
    message: 'is not a keyword that a contract takes here',
  }))
}
