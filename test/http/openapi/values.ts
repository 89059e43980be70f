import fc from 'fast-check'
import { z } from 'zod'
import { resolved } from './reading.ts'

/** Values that the app knows, by the name of the parameter or the property. */
export type Known = Readonly<Record<string, readonly string[]>>

const keywords = z.object({
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  type: z.union([z.string().transform((type) => [type]), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  minItems: z.number().default(0),
  maxItems: z.number().default(Number.POSITIVE_INFINITY),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minLength: z.number().default(0),
  maxLength: z.number().default(Number.POSITIVE_INFINITY),
  minimum: z.number().default(-(2 ** 31)),
  maximum: z.number().default(2 ** 31 - 1),
})
type Keywords = z.output<typeof keywords>

const depthMax = 4
const itemsMax = 3
const charsMore = 20

const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  date: fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  uuid: fc.uuid(),
  email: fc.emailAddress(),
  uri: fc.webUrl(),
}

const matching = (pattern: string): fc.Arbitrary<string> => {
  try {
    return fc.stringMatching(new RegExp(pattern), { size: 'small' })
  } catch {
    // fast-check does not write for every expression (none with a lookahead).
    return fc.string()
  }
}

const strings = (
  { pattern, format, minLength, maxLength }: Keywords,
  known: readonly string[],
): fc.Arbitrary<string> => {
  const fitting =
    formats[format ?? ''] ??
    (pattern === undefined
      ? fc.string({ unit: 'grapheme-ascii', minLength, maxLength: Math.min(maxLength, minLength + charsMore) })
      : matching(pattern))
  return known.length === 0
    ? fitting
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: fitting })
}

const anything = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant({}), fc.constant([]))

/** Values that fit a schema of the document (nearly: what schemas cannot say is the server's to refuse). */
export const valuesOf = (
  document: object,
  known: Known,
  schema: unknown,
  name = '',
  depth = 0,
): fc.Arbitrary<unknown> => {
  if (depth > depthMax) return fc.constant(null)
  const parsed = keywords.parse(resolved(document, schema) ?? {})
  const below = (each: unknown, key = name) => valuesOf(document, known, each, key, depth + 1)
  const { enum: choices, anyOf, oneOf, allOf, type, properties } = parsed
  if (parsed.const !== undefined) return fc.constant(parsed.const)
  if (choices) return fc.constantFrom(...choices)
  const either = anyOf ?? oneOf
  if (either) return fc.oneof(...either.map((each) => below(each)))
  if (allOf) return fc.tuple(...allOf.map((each) => below(each))).map((parts) => Object.assign({}, ...parts))
  const types = type ?? (properties ? ['object'] : [])
  return types.length === 0
    ? anything
    : fc.oneof(...types.map((each) => ofType(each, parsed, known[name] ?? [], below)))
}

const ofType = (
  type: string,
  parsed: Keywords,
  known: readonly string[],
  below: (schema: unknown, key?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> => {
  const { minimum, maximum, items, minItems, maxItems } = parsed
  switch (type) {
    case 'string':
      return strings(parsed, known)
    case 'integer':
      return fc.integer({
        min: Math.ceil(Math.max(minimum, -(2 ** 31))),
        max: Math.floor(Math.min(maximum, 2 ** 31 - 1)),
      })
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(below(items ?? {}), { minLength: minItems, maxLength: Math.min(maxItems, minItems + itemsMax) })
    case 'object':
      return objects(parsed, below)
    default:
      return fc.constant(null)
  }
}

const objects = (
  { properties = {}, required, additionalProperties }: Keywords,
  below: (schema: unknown, key?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> => {
  const entries = Object.entries(properties).map(([key, schema]) => [key, below(schema, key)] as const)
  const shape: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(entries)
  const own = fc.record(shape, { requiredKeys: required.filter((key) => key in shape) })
  if (typeof additionalProperties !== 'object' || additionalProperties === null) return own
  const more = fc.dictionary(fc.string({ maxLength: 10 }), below(additionalProperties), { maxKeys: itemsMax })
  return fc.tuple(own, more).map(([some, others]) => ({ ...others, ...some }))
}
