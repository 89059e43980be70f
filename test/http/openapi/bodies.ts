import fc from 'fast-check'

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}null${'}'.repeat(depth)}`

/** JSON texts that no value would be written as, by the word that stands for them until the value is text. */
const raw: Readonly<Record<string, string>> = {
  deep: deep(2_000),
  deepObject: deepObject(500),
  infinite: '1e400',
  tiny: '1e-400',
  minusZero: '-0',
  unsafe: '9007199254740993',
  long: '1'.repeat(400),
  loneSurrogate: '"\\ud800"',
  nul: '"\\u0000"',
  twice: '{"a":1,"a":2}',
}
const word = (name: string) => `#raw:${name}#`
const written = (value: unknown): string =>
  (JSON.stringify(value) ?? '').replaceAll(/"#raw:(\w+)#"/g, (_, name: string) => raw[name] ?? 'null')

const odd = fc.oneof(
  fc.constantFrom(...Object.keys(raw).map(word)),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, '', ' ', [], {}, [null], { toString: 1 }),
  fc.constantFrom('x'.repeat(300), '../..', '__proto__', '\u202e\u{1f4a9}', '2026-13-45T99:99:99Z', '%s%n'),
  fc.string({ unit: 'binary' }),
)

const extraKeys = fc.constantFrom('extra', '__proto__', 'constructor', '', 'a.b', '\u{1f4a9}', 'tenant', 'id')

type Path = readonly (string | number)[]

const entriesOf = (value: unknown): [string | number, unknown][] => {
  if (Array.isArray(value)) return value.map((each, index) => [index, each])
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

const pathsOf = (value: unknown, ofObjects: boolean): Path[] => {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const below = entriesOf(value).flatMap(([key, each]) => pathsOf(each, ofObjects).map((path) => [key, ...path]))
  return isObject || !ofObjects ? [[], ...below] : below
}

/** A copy with the value at the path replaced; undefined takes it away. */
const changed = (value: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown => {
  if (key === undefined) return change(value)
  const entries = entriesOf(value).map(([each, below]) => [each, each === key ? changed(below, rest, change) : below])
  const kept = entries.filter(([, below]) => below !== undefined)
  return Array.isArray(value) ? kept.map(([, below]) => below) : Object.fromEntries(kept)
}

interface Change {
  /** Whether it changes an object, or whatever it meets. */
  ofObjects: boolean
  apply(value: unknown): unknown
}

const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ ofObjects: false, apply: () => undefined }) },
  { weight: 4, arbitrary: odd.map((value) => ({ ofObjects: false, apply: () => value })) },
  {
    weight: 2,
    arbitrary: fc.tuple(extraKeys, odd).map(([key, value]) => ({
      ofObjects: true,
      apply: (object: unknown) => Object.fromEntries([...entriesOf(object), [key, value]]),
    })),
  },
)

const broken = fc.constantFrom<(text: string) => string>(
  () => '',
  () => ' ',
  () => 'NaN',
  () => "{'a': 1}",
  () => '\u0000',
  (text) => text.slice(0, -1),
  (text) => `${text},`,
  (text) => text + text,
  (text) => `\ufeff${text}`,
  (text) => text.replace('{', '{"__proto__":{"polluted":true},'),
)

const bytesMax = 1_048_576
const tooLarge = JSON.stringify({ much: 'x'.repeat(bytesMax) })

/** Bodies by their text: that fit, that are changed at one place, that are no JSON, and now and then one too large. */
export const bodyTexts = (fitting: fc.Arbitrary<unknown>): fc.Arbitrary<string> => {
  const mutated = fc.tuple(fitting, fc.nat(), changes).map(([value, n, { ofObjects, apply }]) => {
    const paths = pathsOf(value, ofObjects)
    return changed(value, paths[n % paths.length] ?? [], apply)
  })
  return fc.oneof(
    { weight: 80, arbitrary: fitting.map(written) },
    { weight: 80, arbitrary: mutated.map(written) },
    { weight: 15, arbitrary: odd.map(written) },
    { weight: 30, arbitrary: fc.tuple(fitting, broken).map(([value, breaking]) => breaking(written(value))) },
    { weight: 1, arbitrary: fc.constant(tooLarge) },
  )
}

/** Media types of bodies; undefined sends none. */
export const mediaTypes: fc.Arbitrary<string | undefined> = fc.oneof(
  { weight: 20, arbitrary: fc.constant('application/json') },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      undefined,
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json; charset=utf-16',
      'application/problem+json',
      'APPLICATION/JSON',
      'json',
    ),
  },
)
