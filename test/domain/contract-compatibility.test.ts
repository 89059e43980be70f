import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { incompatibilities } from '../../src/domain/contract/compatibility.ts'
import type { Compatibility } from '../../src/domain/contract/events.ts'
import type { JsonObject, JsonValue } from '../../src/domain/json.ts'

const rows = (properties: JsonObject, required: string[] = [], more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required,
  ...more,
})
const closed = { additionalProperties: false }
const a = { a: { type: 'string' } }

const said = (before: JsonObject, next: JsonObject, mode: Compatibility) =>
  incompatibilities(before, next, mode).map(({ path, rule }) => `${rule} ${path}`)

describe.each<[string, JsonObject, JsonObject, string[]]>([
  ['an optional column more', rows(a), rows({ ...a, b: { type: 'string' } }), []],
  ['a required column more', rows(a), rows({ ...a, b: {} }, ['b']), ['backward /properties/b']],
  ['an optional column less', rows({ ...a, b: {} }), rows(a), []],
  ['a required column less', rows({ ...a, b: {} }, ['b']), rows(a), ['forward /properties/b']],
  [
    'a column more where none is allowed',
    rows(a, [], closed),
    rows({ ...a, b: {} }, [], closed),
    ['forward /properties/b'],
  ],
  [
    'a column less where none is allowed',
    rows({ ...a, b: {} }, [], closed),
    rows(a, [], closed),
    ['backward /properties/b'],
  ],
  ['no other columns any more', rows(a), rows(a, [], closed), ['backward /additionalProperties']],
  ['a column that must be there now', rows(a), rows(a, ['a']), ['backward /properties/a']],
  ['a wider type', rows({ a: { type: 'integer' } }), rows({ a: { type: 'number' } }), ['forward /properties/a/type']],
  ['any type', rows(a), rows({ a: {} }), ['forward /properties/a/type']],
  [
    'another type',
    rows(a),
    rows({ a: { type: 'boolean' } }),
    ['backward /properties/a/type', 'forward /properties/a/type'],
  ],
  ['null as well', rows(a), rows({ a: { type: 'string', nullable: true } }), ['forward /properties/a/type']],
  ['a value more', rows({ a: { enum: ['x'] } }), rows({ a: { enum: ['x', 'y'] } }), ['forward /properties/a/enum']],
  ['a list of values', rows(a), rows({ a: { type: 'string', enum: ['x'] } }), ['backward /properties/a/enum']],
  [
    'another limit',
    rows({ a: { maximum: 1 } }),
    rows({ a: { maximum: 2 } }),
    ['backward /properties/a/maximum', 'forward /properties/a/maximum'],
  ],
  ['a limit less', rows({ a: { maximum: 1 } }), rows({ a: {} }), ['forward /properties/a/maximum']],
  ['another description', rows(a), rows({ a: { type: 'string', description: 'x' } }), []],
  ['a name that a pointer escapes', rows({}), rows({ 'x/y~z': {} }, ['x/y~z']), ['backward /properties/x~1y~0z']],
])('%s', (_, before, next, findings) => {
  test('is found by the modes that forbid it', () => {
    const of = (mode: string) => findings.filter((each) => each.startsWith(mode))
    expect(said(before, next, 'full')).toEqual(findings)
    expect(said(before, next, 'backward')).toEqual(of('backward'))
    expect(said(before, next, 'forward')).toEqual(of('forward'))
    expect(said(before, next, 'none')).toEqual([])
  })
})

const values = fc.constantFrom<JsonValue>('x', 'y', 1, 1.5, true, null)
const property = fc.record(
  {
    type: fc.uniqueArray(fc.constantFrom('string', 'integer', 'number', 'boolean', 'null'), { minLength: 1 }),
    enum: fc.uniqueArray(values, { minLength: 1 }),
    maximum: fc.constantFrom(0, 1, 2),
  },
  { requiredKeys: [] },
)
const names = ['a', 'b', 'c']
const anySchema = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...names), property, { minKeys: 1 }),
    fc.subarray(names),
    fc.constantFrom({}, closed, { additionalProperties: true }),
  )
  .map(([properties, required, more]) =>
    rows(
      JSON.parse(JSON.stringify(properties)),
      required.filter((name) => Object.hasOwn(properties, name)),
      more,
    ),
  )
/** Where the second only leaves out what the first demands, rows of the first are its own. */
const relaxed = ({ properties }: JsonObject): JsonObject =>
  rows(Object.fromEntries(Object.entries(properties as JsonObject).slice(1)))
const pairs = fc.oneof(
  fc.tuple(anySchema, anySchema),
  anySchema.map((schema): [JsonObject, JsonObject] => [schema, relaxed(schema)]),
  anySchema.map((schema): [JsonObject, JsonObject] => [schema, schema]),
)
const row = fc.dictionary(fc.constantFrom(...names), values)

describe('of any schemas', () => {
  test('each is compatible with itself, in every mode', () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        expect(said(schema, schema, 'full')).toEqual([])
      }),
    )
  })

  test('full is backward and forward, and forward is backward the other way round', () => {
    fc.assert(
      fc.property(anySchema, anySchema, (one, other) => {
        const [backward, forward] = [said(one, other, 'backward'), said(one, other, 'forward')]
        expect(said(one, other, 'full')).toEqual([...backward, ...forward])
        expect(said(other, one, 'backward').map((each) => each.replace('backward', 'forward'))).toEqual(forward)
      }),
    )
  })

  test('a row of the columns of one is valid for every one that is backward compatible with it', () => {
    const ajv = new Ajv2020({ strict: false })
    let compared = 0
    const holds = (before: JsonObject, next: JsonObject, given: JsonObject) => {
      const columns = Object.keys(before.properties as JsonObject)
      const made = Object.fromEntries(Object.entries(given).filter(([name]) => columns.includes(name)))
      if (said(before, next, 'backward').length > 0 || !ajv.validate(before, made)) return
      compared += 1
      expect(ajv.validate(next, made)).toBe(true)
    }
    fc.assert(
      fc.property(pairs, row, ([before, next], given) => holds(before, next, given)),
      { numRuns: 600 },
    )
    expect(compared).toBeGreaterThan(10)
  })
})
