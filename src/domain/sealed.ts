declare const brand: unique symbol

/**
 * A personal value under its subject's key (DESIGN.md section 8): `sealed:1:<pseudonym>:<payload>`. The payload is
 * unpadded base64url of iv (12 bytes), ciphertext and tag (16 bytes), AES-256-GCM.
 */
export type Sealed = string & { readonly [brand]: 'Sealed' }

const pseudonym = 'p-[a-z2-7]{26}'
const pseudonymPattern = new RegExp(`^${pseudonym}$`)

const prefixPattern = new RegExp(`^sealed:1:(${pseudonym}):`)
/** Searched for, since a pattern that matches all of a long payload runs out of stack. */
const foreignCharacter = /[^\w-]/
const payloadCharsMin = 38

/**
 * By the characters beyond a whole group of four, the last character's bits that count for nothing and must be 0: so no
 * two texts are the same value.
 */
const lastOf = [/./, /$^/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/]

/** Whether a text has the form of a pseudonym that the key store draws: `p-` and 128 bits in base32. */
export const isPseudonym = (text: string): boolean => pseudonymPattern.test(text)

/** The parts of a sealed value, both as text; undefined when it is not one. */
export const parseSealed = (text: string): { pseudonym: string; payload: string } | undefined => {
  const [prefix, pseudonym] = prefixPattern.exec(text) ?? []
  if (prefix === undefined || pseudonym === undefined) return undefined
  const payload = text.slice(prefix.length)
  if (payload.length < payloadCharsMin || foreignCharacter.test(payload)) return undefined
  return lastOf[payload.length % 4]?.test(payload.slice(-1)) ? { pseudonym, payload } : undefined
}

export const isSealed = (text: string): text is Sealed => parseSealed(text) !== undefined
