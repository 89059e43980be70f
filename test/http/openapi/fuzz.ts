import fc from 'fast-check'
import { bodyTexts, mediaTypes } from './bodies.ts'
import { type DocumentedOperation, operationsOf, type Parameter } from './reading.ts'
import { type Known, valuesOf } from './values.ts'

export { answerOf, checkAnswer } from './checking.ts'

export interface FuzzRequest {
  /** The operation that the request was made for; odd paths may lead to another. */
  operationId: string
  method: string
  url: string
  /** Names in small letters. */
  headers: Record<string, string>
  body?: string
}

interface FuzzOptions {
  known?: Known
  /** What every request carries unless it tries out another value: credentials, `host`. */
  headers?: Readonly<Record<string, string>>
  origin?: string
}

const encoded = (text: string): string => encodeURIComponent(text)

const oddSegments = fc.constantFrom(
  ...[
    '',
    '.',
    '..',
    '...',
    '%2e%2e',
    '..%2f..%2fetc',
    '%2F',
    '%252F',
    '%',
    '%zz',
    '%c3%28',
    '%00',
    '%0d%0a',
    '%20',
    '+',
  ],
  ...[
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '-1',
    '0',
    "'%20OR%201=1--",
    ':',
    'a:b',
    '%3A',
    ';a=b',
    '*',
    '~',
  ],
  ...['x'.repeat(129), 'x'.repeat(300), 'x'.repeat(9_000), '%F0%9F%92%A9'.repeat(100)],
)

const segments = (name: string, known: Known): fc.Arbitrary<string> => {
  const ids = known[name] ?? []
  return fc.oneof(
    ...(ids.length > 0 ? [{ weight: 12, arbitrary: fc.constantFrom(...ids).map(encoded) }] : []),
    { weight: 2, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1 }).map(encoded) },
    { weight: 4, arbitrary: oddSegments },
  )
}

const oddQueryValues = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    '99999999999999999999',
    'NaN',
    'true',
    'null',
    '[]',
    '%',
    '%zz',
    '%00',
    '+',
  ),
  fc.constantFrom('../..', '2026-02-30T00:00:00Z', 'x'.repeat(1_000), '%F0%9F%92%A9', "'", '"', '*', 'a,b'),
  fc.string({ unit: 'binary' }).map(encoded),
)
const strangers = fc.constantFrom(
  'unknown=1',
  '__proto__=1',
  'constructor=1',
  '',
  '=',
  '&',
  '%',
  'a[b]=1',
  '%00=1',
  '?',
)

const queryOf = (document: object, parameters: readonly Parameter[], known: Known): fc.Arbitrary<string> => {
  const parts = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, required, schema }) => {
      const fitting = valuesOf(document, known, schema, name).map((value) => encoded(String(value)))
      const pair = (value: string) => `${encoded(name)}=${value}`
      return fc.oneof(
        { weight: required ? 1 : 9, arbitrary: fc.constant<string[]>([]) },
        { weight: 9, arbitrary: fitting.map((value) => [pair(value)]) },
        { weight: 2, arbitrary: oddQueryValues.map((value) => [pair(value)]) },
        { weight: 1, arbitrary: fc.tuple(fitting, oddQueryValues).map((values) => values.map(pair)) },
      )
    })
  const more = fc.oneof(
    { weight: 12, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: strangers.map((text) => [text]) },
  )
  return fc.tuple(...parts, more).map((pairs) => {
    const text = pairs.flat().join('&')
    return text === '' ? '' : `?${text}`
  })
}

/** Header values are bytes without line breaks; fetch trims them. */
const headerText = fc.stringMatching(/^[\x20-\x7e\xa1-\xff]{0,40}$/)

const oddHeaders: Readonly<Record<string, readonly string[]>> = {
  'idempotency-key': ['', '""', '"', '"k"', 'k', '"k2"', '"k3"', '"a\\"b"', 'x'.repeat(255), 'x'.repeat(256), '\xe9'],
  'ledger-position': ['', '0', '-1', '18446744073709551616', 'A'.repeat(22), '_'.repeat(22), 'A'.repeat(9_000)],
  'x-request-id': ['', 'r-1', 'x'.repeat(128), 'x'.repeat(129), '\xff', '<script>', '{{7*7}}'],
  'x-tenant-id': ['', 'other', '*', '00000000-0000-0000-0000-000000000000', 'x'.repeat(300)],
  accept: ['', '*/*', 'text/html', 'application/xml', 'application/json;q=0', 'garbage', ',;='],
  authorization: ['', 'Bearer', 'Bearer x', 'Basic eDp5', 'Bearer a.b.c', 'bearer ~'],
  'x-api-key': ['', 'wrong', '\xff'],
}

/** So few keys that one comes again, with the same request and with others. */
const usualKeys: Known = { 'Idempotency-Key': ['"k1"', 'k2'] }

const headersOf = (parameters: readonly Parameter[], known: Known): fc.Arbitrary<Record<string, string>> => {
  const documented = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name)
  const entry = (name: string): fc.Arbitrary<[string, string][]> => {
    const lower = name.toLowerCase()
    const taken = known[name] ?? usualKeys[name] ?? []
    return fc.oneof(
      { weight: documented.includes(name) ? 16 : 60, arbitrary: fc.constant<[string, string][]>([]) },
      ...(taken.length === 0
        ? []
        : [{ weight: name in usualKeys ? 16 : 3, arbitrary: fc.constantFrom(...taken).map(pairOf(lower)) }]),
      { weight: 2, arbitrary: fc.constantFrom(...(oddHeaders[lower] ?? [''])).map(pairOf(lower)) },
      { weight: 1, arbitrary: headerText.map(pairOf(lower)) },
    )
  }
  const names = [...documented, 'Accept', 'Authorization', 'X-API-Key']
  return fc.tuple(...names.map(entry)).map((entries) => Object.fromEntries(entries.flat()))
}

const pairOf =
  (name: string) =>
  (value: string): [string, string][] => [[name, value]]

const bodyOf = (document: object, { method, body }: DocumentedOperation, known: Known) => {
  const text: fc.Arbitrary<string | undefined> =
    body === undefined
      ? fc.oneof(
          { weight: 9, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.constantFrom('', '{}', '{') },
        )
      : bodyTexts(valuesOf(document, known, body))
  return method === 'GET' ? fc.constant([undefined, undefined] as const) : fc.tuple(text, mediaTypes)
}

const requestsOf = (document: object, operation: DocumentedOperation, options: Required<FuzzOptions>) => {
  const { operationId, method, path, parameters } = operation
  const { known, headers: usual, origin } = options
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
  return fc
    .record({
      values: fc.tuple(...names.map((name) => segments(name, known))),
      query: queryOf(document, parameters, known),
      odd: headersOf(parameters, known),
      body: bodyOf(document, operation, known),
    })
    .map(({ values, query, odd, body: [text, type] }): FuzzRequest => {
      const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => values[names.indexOf(name)] ?? '')
      const typed = text === undefined || type === undefined ? {} : { 'content-type': type }
      return {
        operationId,
        method,
        url: `${origin}${filled}${query}`,
        headers: { ...usual, ...typed, ...odd },
        ...(text === undefined ? {} : { body: text }),
      }
    })
}

/**
 * Requests made from an OpenAPI document alone: some fit it, most are wrong in one or more ways.
 * Each can be given to `new Request(url, { method, headers, body })`, which resolves `..` and may so ask another route.
 */
export const requestsFor = (document: object, options: FuzzOptions = {}): fc.Arbitrary<FuzzRequest> => {
  const { known = {}, headers = {}, origin = 'http://localhost' } = options
  const usual = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return fc.oneof(
    ...operationsOf(document).map((each) => requestsOf(document, each, { known, headers: usual, origin })),
  )
}
