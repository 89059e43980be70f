import type { JsonObject, JsonValue } from './json.ts'

/**
 * The one text of a JSON value, to be hashed or signed (RFC 8785): no spaces, keys in the order of their UTF-16 code
 * units, numbers and escapes as ECMAScript writes them. Throws a RangeError for what JSON cannot carry: a number that
 * is not finite, half of a surrogate pair.
 */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (value !== null && typeof value === 'object') {
    let members = ''
    for (const key of Object.keys(value).sort()) members += `${members && ','}${memberOf(value, key)}`
    return `{${members}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not a JSON number`)
  return JSON.stringify(value)
}

/** The members of an object as they stand in that text, in their order. */
export type CanonicalMembers = [key: string, member: string][]

export const canonicalMembers = (object: JsonObject): CanonicalMembers =>
  Object.keys(object)
    .sort()
    .map((key) => [key, memberOf(object, key)])

/** The object that has these members. */
export const canonicalObject = (members: CanonicalMembers): string => `{${members.map(([, member]) => member).join()}}`

const memberOf = (object: JsonObject, key: string): string => `${quoted(key)}:${canonicalJson(object[key] ?? null)}`

/** Printable ASCII without the quotation mark and the backslash: most texts, and they need no escape. */
const plain = /^[ !#-[\]-~]*$/

const quoted = (text: string): string => {
  if (plain.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw new RangeError('half of a surrogate pair is not Unicode text')
  return JSON.stringify(text)
}
