import type { JsonValue } from '../domain/json.ts'

/** How JSON.stringify writes half of a surrogate pair; a backslash before the letters may look like it. */
const loneSurrogate = /\\ud[89a-f][0-9a-f]{2}/

/**
 * The same value without halves of surrogate pairs, as a text has that was cut in the middle: they become U+FFFD. They
 * are no Unicode, and what holds one could not be hashed for evidence (RFC 8785).
 */
export const wellFormed = <Value extends JsonValue>(value: Value): Value =>
  loneSurrogate.test(JSON.stringify(value)) ? (mended(value) as Value) : value

const mended = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return mendedText(value)
  if (Array.isArray(value)) return value.map(mended)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [mendedText(key), mended(member)]))
}

const mendedText = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')
