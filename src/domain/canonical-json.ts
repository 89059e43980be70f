import type { JsonValue } from './json.ts'

const loneSurrogate = /\p{Surrogate}/u

/**
 * The one text of a JSON value, to be hashed or signed (RFC 8785): no spaces, keys in the order of their UTF-16 code
 * units, numbers and escapes as ECMAScript writes them. Throws a RangeError for what JSON cannot carry: a number that
 * is not finite, half of a surrogate pair.
 */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, member]) => `${quoted(key)}:${canonicalJson(member)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not a JSON number`)
  return JSON.stringify(value)
}

const quoted = (text: string): string => {
  if (loneSurrogate.test(text)) throw new RangeError('half of a surrogate pair is not Unicode text')
  return JSON.stringify(text)
}
