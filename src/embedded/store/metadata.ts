/** What a stream's metadata asks of reads. Absent limits are absent keys. */
export interface StreamMetadata {
  readonly maxCount?: number
  readonly maxAgeMs?: number
  /** Events below this revision are hidden. */
  readonly truncateBefore?: number
  readonly softDeleted: boolean
}

export const noMetadata: StreamMetadata = { softDeleted: false }
/** A metastream always behaves as if `$maxCount` were 1. */
export const metastreamMetadata: StreamMetadata = { maxCount: 1, softDeleted: false }

/** The `$tb` that marks a soft-deleted stream: 2^63 - 1. */
const deletedTruncateBefore = 9_223_372_036_854_775_807n

export const isMetastream = (stream: string): boolean => stream.startsWith('$$')
export const metastreamOf = (stream: string): string => `$$${stream}`
export const originalOf = (metastream: string): string => metastream.slice(2)

/**
 * Integers of 16 digits and more do not survive `JSON.parse`, and `$tb` may have 19: they are read as strings that
 * begin with this character. A text that holds it already counts as broken.
 */
const exactMark = '\u0000'
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const longInteger = /^-?\d{16,}$/

const parseExactly = (data: Uint8Array): Record<string, unknown> | undefined => {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
  try {
    JSON.parse(text)
    if (text.includes('\\u0000')) return undefined
    const marked = text.replace(stringOrNumber, (token) => (longInteger.test(token) ? `"\\u0000${token}"` : token))
    const value: unknown = JSON.parse(marked)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An int64, or undefined when the value is anything else. */
const int64 = (value: unknown): bigint | undefined => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value !== 'string' || !value.startsWith(exactMark)) return undefined
  const exact = BigInt(value.slice(1))
  return BigInt.asIntN(64, exact) === exact ? exact : undefined
}

const limitKeys = ['$maxCount', '$maxAge', '$tb', '$cacheControl'] as const

/** Broken JSON, or a known key of the wrong type, makes all of it count as absent; limits below 1 are ignored. */
export const parseMetadata = (isJson: boolean, data: Uint8Array): StreamMetadata => {
  const value = isJson ? parseExactly(data) : undefined
  if (value === undefined) return noMetadata
  const limits = new Map<string, bigint>()
  for (const key of limitKeys) {
    if (!Object.hasOwn(value, key)) continue
    const limit = int64(value[key])
    if (limit === undefined) return noMetadata
    if (limit > 0n) limits.set(key, limit)
  }
  if (Object.hasOwn(value, '$acl') && !isObject(value.$acl)) return noMetadata
  const maxCount = limits.get('$maxCount')
  const maxAge = limits.get('$maxAge')
  const truncateBefore = limits.get('$tb')
  return {
    softDeleted: truncateBefore === deletedTruncateBefore,
    ...(maxCount === undefined ? {} : { maxCount: Number(maxCount) }),
    ...(maxAge === undefined ? {} : { maxAgeMs: Number(maxAge) * 1000 }),
    ...(truncateBefore === undefined ? {} : { truncateBefore: Number(truncateBefore) }),
  }
}

/** The same metadata with another `$tb`; undefined when it is not a JSON object. */
export const withTruncateBefore = (data: Uint8Array, revision: number): Buffer | undefined => {
  const value = parseExactly(data)
  if (value === undefined) return undefined
  const text = JSON.stringify({ ...value, $tb: revision })
  return Buffer.from(text.replace(/"\\u0000(-?\d+)"/g, '$1'))
}

/** The lowest visible revision of a stream whose newest is `last`; `Infinity` hides all. */
export const firstVisible = (metadata: StreamMetadata, last: number): number =>
  Math.max(metadata.truncateBefore ?? 0, last - (metadata.maxCount ?? Infinity) + 1, 0)

/** Events written before this time (ms since the epoch) are hidden. */
export const oldestVisible = (metadata: StreamMetadata, now: number): number =>
  metadata.maxAgeMs === undefined ? -Infinity : now - metadata.maxAgeMs
