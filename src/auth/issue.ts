import { parseArgs } from 'node:util'
import { parseTenantId } from '../domain/ids.ts'
import { isRole, nameCharsMax, subjectCharsMax } from './claims.ts'
import { type DevClaims, signDevToken } from './dev-key.ts'
import { UsageError } from './error.ts'
import { roles as knownRoles, plans } from './principal.ts'

const defaultExpiresInS = 3_600
const expiresInMaxS = 31_536_000

/** The token that `ledgerline token` prints. Throws UsageError, and KeyError for a damaged key. */
export const issueToken = async (args: string[], key: () => Promise<string>, nowMs: number): Promise<string> => {
  const claims = claimsOf(args)
  return signDevToken(await key(), claims, nowMs)
}

const claimsOf = (args: string[]): DevClaims => {
  const { sub, tenant, roles, plan, name, 'expires-in': expiresIn } = optionsOf(args)
  if (!sub || sub.length > subjectCharsMax) {
    throw new UsageError(`a token needs a subject of at most ${subjectCharsMax} characters: --sub NAME`)
  }
  const tenantId = parseTenantId(tenant ?? '')
  if (tenantId === undefined) throw new UsageError('a token needs a tenant of letters, digits, _ and -: --tenant T')
  if (name !== undefined && (name === '' || name.length > nameCharsMax)) {
    throw new UsageError(`--name has 1 to ${nameCharsMax} characters`)
  }
  return {
    sub,
    tenant: tenantId,
    roles: rolesOf(roles),
    plan: planOf(plan),
    name: name ?? null,
    expiresInS: secondsOf(expiresIn),
  }
}

const optionsOf = (args: string[]) => {
  const text = { type: 'string' } as const
  const options = { sub: text, tenant: text, roles: text, plan: text, name: text, 'expires-in': text }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    const [sentence = 'the arguments cannot be read'] = String(error instanceof Error ? error.message : error).split(
      '\n',
    )
    throw new UsageError(sentence)
  }
}

const rolesOf = (text: string | undefined): readonly string[] => {
  const given = (text ?? '').split(',').map((role) => role.trim())
  if (!given.every(isRole)) throw new UsageError(`a token needs roles of ${knownRoles.join(', ')}: --roles ROLE,ROLE`)
  return given
}

const planOf = (text: string | undefined): string | null => {
  if (text === undefined) return null
  const plan = plans.find((each) => each === text.toLowerCase())
  if (plan === undefined) throw new UsageError(`--plan is one of ${plans.join(', ')}`)
  return plan
}

const secondsOf = (text: string | undefined): number => {
  const seconds = text === undefined ? defaultExpiresInS : /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > expiresInMaxS) throw new UsageError(`--expires-in has 1 to ${expiresInMaxS} seconds`)
  return seconds
}
