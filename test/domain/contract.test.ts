import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { incompatibilities } from '../../src/domain/contract/compatibility.ts'
import { contractDecider } from '../../src/domain/contract/decide.ts'
import { type Compatibility, type ContractEvent, parseContractRef } from '../../src/domain/contract/events.ts'
import { must, parseContractName } from '../../src/domain/ids.ts'
import type { JsonObject, JsonValue } from '../../src/domain/json.ts'
import { sentences } from '../support/decider.ts'
import * as e from '../support/run-events.ts'

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

const name = must(parseContractName('routes'), 'contract name')
const command = (version: string, schema: JsonObject, compatibility: Compatibility | null = null) => ({
  type: 'RegisterContract' as const,
  name,
  version,
  schema,
  schemaHash: JSON.stringify(schema),
  compatibility,
})
const event = (number: number, version: string, schema: JsonObject, compatibility: Compatibility = 'backward') => {
  const data = { name, number, version, schema, schemaHash: JSON.stringify(schema), compatibility }
  return { type: 'ContractRegistered', data } satisfies ContractEvent
}
const { given } = sentences(contractDecider)
const first = event(1, 'v1', rows(a))
const breaking = rows({ ...a, b: {} }, ['b'])

describe('a contract', () => {
  test('begins with a version that the next ones must be able to read', () =>
    given()
      .when(command('v1', rows(a)))
      .thenHappens(first))
  test('has a version once: the same again is nothing', () =>
    given(first)
      .when(command('v1', rows(a)))
      .thenNothing())
  test('never changes a version', () =>
    given(first)
      .when(command('v1', rows({})))
      .thenRejects('CONTRACT_VERSION_EXISTS'))
  test('takes no version that breaks the one before', () =>
    given(first).when(command('v2', breaking)).thenRejects('CONTRACT_INCOMPATIBLE'))
  test('takes any version that says that it keeps to nothing', () =>
    given(first)
      .when(command('v2', breaking, 'none'))
      .thenHappens(event(2, 'v2', breaking, 'none')))
  test('goes on with the mode of the version before', () =>
    given(first, event(2, 'v2', rows(a), 'full'))
      .when(command('v3', breaking))
      .thenRejects('CONTRACT_INCOMPATIBLE'))
})

describe('a change that has to be approved', () => {
  const approval = e.needed
  const { approvalId, commandHash } = approval
  const asked = { ...command('v2', rows(a)), approval }
  const { type: _, ...data } = command('v2', rows(a))
  const change = { ...data, number: 2, compatibility: 'backward' as const }
  const waits: ContractEvent = { type: 'ContractChangeRequested', data: { ...change, approval } }
  const release = { type: 'ReleaseContractChange' as const, name, approvalId, commandHash }
  const refusedWith = (reason: string): ContractEvent => ({
    type: 'ContractChangeRefused',
    data: { ...change, approvalId, reason },
  })

  test('waits, and is registered once it is approved', () => {
    given(first).when(asked).thenHappens(waits)
    given(first, waits)
      .when(release)
      .thenHappens({ type: 'ContractRegistered', data: { ...change, approvalId } })
  })
  test('is none where there was no version before', () => {
    given()
      .when({ ...command('v1', rows(a)), approval })
      .thenHappens(first)
  })
  test('keeps others from being asked for until it is decided', () => {
    const other = { ...command('v3', rows(a)), approval }
    given(first, waits).when(other).thenRejects('APPROVAL_PENDING')
    given(first, waits, refusedWith('no'))
      .when(other)
      .thenHappens({
        type: 'ContractChangeRequested',
        data: { ...change, version: 'v3', schemaHash: other.schemaHash, approval },
      })
  })
  test('is refused with the reason, once', () => {
    const refuse = { type: 'RefuseContractChange' as const, name, approvalId, reason: 'no' }
    given(first, waits).when(refuse).thenHappens(refusedWith('no'))
    given(first, waits, refusedWith('no')).when(refuse).thenNothing()
    given(first, waits, refusedWith('no')).when(release).thenNothing()
  })
  test('is not registered by the approval of another command, nor by another approval', () => {
    given(first, waits)
      .when({ ...release, commandHash: 'ff'.repeat(32) })
      .thenRejects('APPROVAL_MISMATCH')
    given(first, waits)
      .when({ ...release, approvalId: 'another' })
      .thenNothing()
  })
  test('is refused when what was registered meanwhile stands against it', () => {
    const meanwhile = event(2, 'v2', rows({ ...a, b: {} }))
    given(first, waits, meanwhile)
      .when(release)
      .thenHappens(
        refusedWith("contract 'routes' has a version v2 already, and a version never changes; give it a new label"),
      )
  })
})

test('a reference is a name and a version', () => {
  expect(parseContractRef('routes@v3.2')).toEqual({ name: 'routes', version: 'v3.2' })
  for (const wrong of ['routes', 'routes@', '@v1', 'Routes@v1', 'a@b@c', 'routes@v 1']) {
    expect(parseContractRef(wrong)).toBeUndefined()
  }
})
