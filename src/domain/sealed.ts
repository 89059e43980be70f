declare const brand: unique symbol

/**
 * A personal value under its subject's key (DESIGN.md section 8): `sealed:1:<pseudonym>:<payload>`. The payload is
 * unpadded base64url of iv (12 bytes), ciphertext and tag (16 bytes), AES-256-GCM.
 */
export type Sealed = string & { readonly [brand]: 'Sealed' }

const pseudonym = 'p-[a-z2-7]{26}'
const pseudonymPattern = new RegExp(`^${pseudonym}$`)

// Of the last character of base64url not every bit counts; only the one way to write it with the others 0 is taken, so
// that no two texts are the same value.
const payload = '(?=.{38})(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?'
const sealedPattern = new RegExp(`^sealed:1:(${pseudonym}):(${payload})$`)

/** Whether a text has the form of a pseudonym that the key store draws: `p-` and 128 bits in base32. */
export const isPseudonym = (text: string): boolean => pseudonymPattern.test(text)

export const isSealed = (text: string): text is Sealed => sealedPattern.test(text)

/** The parts of a sealed value, both as text; undefined when it is not one. */
export const parseSealed = (text: string): { pseudonym: string; payload: string } | undefined => {
  const [, pseudonym, payload] = sealedPattern.exec(text) ?? []
  return pseudonym === undefined || payload === undefined ? undefined : { pseudonym, payload }
}
