import { z } from 'zod'
import { parseVerifierKey, type VerifierKey } from '../evidence/verifier/note.ts'
import { ConfigError } from './error.ts'
import { list } from './fields.ts'

/** `VKEY=URL,…`. A verifier key has no `=`, since 33 bytes fill their base64. */
export const witnesses = list.transform((pairs, context) => {
  const fail = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  const found: { key: VerifierKey; url: string }[] = []
  for (const pair of pairs) {
    const [, vkey = '', url = ''] = /^(.*?)=(https?:\/\/.*)$/.exec(pair) ?? []
    if (!URL.canParse(url)) return fail(`'${pair}' is not VKEY=URL`)
    try {
      const key = parseVerifierKey(vkey)
      if (key.type !== 'cosignature') return fail(`the key of ${key.name} is not that of a witness`)
      if (found.some((other) => other.key.name === key.name)) return fail(`two witnesses are called ${key.name}`)
      found.push({ key, url })
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error))
    }
  }
  return found
})

/** How many witnesses make a checkpoint witnessed: all, unless it is given. Throws ConfigError. */
export const quorumOf = (count: number, given: number | undefined): number => {
  if (given !== undefined && given > count) {
    throw new ConfigError(`WITNESS_QUORUM: ${given} is more than the ${count} of WITNESSES`)
  }
  return given ?? count
}
