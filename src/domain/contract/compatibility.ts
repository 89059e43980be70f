import { canonicalJson } from '../canonical-json.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import type { Compatibility } from './events.ts'
import { type Columns, columnsOf, fits, isWithin, type Property, same } from './schema.ts'

/** One thing that a mode forbids. `path` is a JSON pointer (RFC 6901) into the schema that is the newer one. */
export interface Incompatibility {
  path: string
  rule: 'backward' | 'forward'
  message: string
}

/** What keeps a new schema from following on the one before, in the order of their columns; empty when it may. */
export const incompatibilities = (
  before: JsonObject,
  next: JsonObject,
  compatibility: Compatibility,
): Incompatibility[] => {
  const [old, now] = [columnsOf(before), columnsOf(next)]
  const backward = () => unreadable(old, now).map((found) => ({ ...found, rule: 'backward' as const }))
  const forward = () => unreadable(now, old).map((found) => ({ ...found, rule: 'forward' as const }))
  switch (compatibility) {
    case 'backward':
      return backward()
    case 'forward':
      return forward()
    case 'full':
      return [...backward(), ...forward()]
    case 'none':
      return []
  }
}

type Found = Omit<Incompatibility, 'rule'>

/**
 * Where rows of `written` may be wrong for `read`. Rows are taken to have the columns that `written` names: where more
 * are allowed, no version promises what is in them.
 */
const unreadable = (written: Columns, read: Columns): Found[] => [
  ...[...written.properties].flatMap(([name, property]) => {
    const other = read.properties.get(name)
    if (other) return column(name, property, other)
    return read.isOpen ? [] : [{ path: pointer(name), message: `'${name}' may be in rows, but is not allowed` }]
  }),
  ...[...read.properties].flatMap(([name, { isRequired }]) =>
    isRequired && !written.properties.has(name)
      ? [{ path: pointer(name), message: `'${name}' is required, but not in rows` }]
      : [],
  ),
  ...(written.isOpen && !read.isOpen
    ? [{ path: '/additionalProperties', message: 'rows may have columns without a name, which are not allowed' }]
    : []),
]

const column = (name: string, written: Property, read: Property): Found[] => {
  const path = pointer(name)
  const found = (keyword: string, message: string): Found => ({ path: `${path}${keyword}`, message })
  return [
    ...(read.isRequired && !written.isRequired
      ? [found('', `'${name}' is required, but may be missing from rows`)]
      : []),
    ...typesUnread(name, written, read).map((message) => found('/type', message)),
    ...valuesUnread(name, written, read).map((message) => found('/enum', message)),
    ...keywordsUnread(written, read).map((keyword) =>
      found(`/${escaped(keyword)}`, `'${name}' has another '${keyword}': only the same can be compared`),
    ),
  ]
}

const typesUnread = (name: string, written: Property, read: Property): string[] => {
  if (written.values) {
    const wrong = written.values.filter((value) => !fits(value, read.types))
    return wrong.map((value) => `'${name}' may be ${shown(value)}, which is not of type ${list(read.types)}`)
  }
  if (written.types === null)
    return read.types === null ? [] : [`'${name}' may be anything, not only ${list(read.types)}`]
  const wrong = written.types.filter((type) => !isWithin(type, read.types))
  return wrong.map((type) => `'${name}' may be ${type}, not only ${list(read.types)}`)
}

const valuesUnread = (name: string, written: Property, read: Property): string[] => {
  const { values } = read
  if (values === null) return []
  if (written.values === null) return [`'${name}' may have values that are not listed`]
  const wrong = written.values.filter((value) => !values.some((each) => same(each, value)))
  // Those of a wrong type have been told of.
  return wrong
    .filter((value) => fits(value, read.types))
    .map((value) => `'${name}' may be ${shown(value)}, which is not listed`)
}

/** Keywords of the reader that the writer does not keep to in the same words. */
const keywordsUnread = (written: Property, read: Property): string[] =>
  Object.entries(read.rest).flatMap(([keyword, value]) => {
    const other = written.rest[keyword]
    return other !== undefined && same(other, value) ? [] : [keyword]
  })

const valueCharsMax = 100
const shown = (value: JsonValue): string => canonicalJson(value).slice(0, valueCharsMax)
const list = (types: readonly string[] | null): string => (types ?? []).join(' or ')
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
const pointer = (name: string): string => `/properties/${escaped(name)}`
