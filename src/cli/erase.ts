import { parseArgs } from 'node:util'
import { signDevToken } from '../auth/dev-key.ts'
import { UsageError } from '../auth/error.ts'
import type { Config } from '../config.ts'
import { parseTenantId } from '../domain/ids.ts'
import { isPseudonym } from '../domain/sealed.ts'
import { StartError } from '../host/data-dir.ts'
import { devKey, openKeysDir } from '../host/secrets.ts'

/** Whose pseudonym stands in the certificate when no token is given. */
const subject = 'ledgerline erase'
const tokenExpiresInS = 60
const timeoutMs = 30_000

/** What `ledgerline erase` prints: the certificate, from the service that is running. Throws StartError, UsageError. */
export const eraseSubject = async (config: Config, args: string[]): Promise<string> => {
  const { pseudonym, reason, ticket, url, token, tenant } = optionsOf(args)
  const base = url ?? `http://${config.host}:${config.port}`
  const bearer = token ?? (await ownToken(config, tenant))
  const path = `/ledger/subjects/${pseudonym}/erase`
  const response = await fetch(new URL(path, base), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason, ...(ticket === undefined ? {} : { ticket }) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new StartError(`no service answers at ${base} (${causeOf(error)}): start it, or name another with --url`)
  })
  const text = await response.text()
  if (response.ok) return `${text}\n`
  if (response.status === 401 && token === undefined) {
    throw new StartError('the service takes no tokens of this installation: give one of a tenant-admin with --token')
  }
  throw new StartError(`not erased (${response.status}): ${detailOf(text)}`)
}

const ownToken = async ({ keysDir }: Config, tenant: string): Promise<string> => {
  const tenantId = parseTenantId(tenant)
  if (tenantId === undefined) throw new UsageError('--tenant has letters, digits, _ and -')
  await openKeysDir(keysDir)
  const claims = { sub: subject, tenant: tenantId, roles: ['tenant-admin'], plan: null, name: null }
  return signDevToken(await devKey(keysDir), { ...claims, expiresInS: tokenExpiresInS }, Date.now())
}

const optionsOf = (args: string[]) => {
  const { subject: pseudonym, reason, ticket, url, token, tenant } = parsed(args)
  if (pseudonym === undefined || !isPseudonym(pseudonym)) {
    throw new UsageError('who is to be erased is a pseudonym, as /history/access shows it: --subject p-…')
  }
  if (!reason) throw new UsageError('an erasure needs a reason, which names nobody: --reason TEXT')
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new UsageError('--url is like http://127.0.0.1:8000')
  if (token !== undefined && tenant !== undefined) {
    throw new UsageError('--tenant is for when there is no --token: a token says its tenant itself')
  }
  return { pseudonym, reason, ticket, url, token, tenant: tenant ?? 'default' }
}

const parsed = (args: string[]) => {
  const text = { type: 'string' } as const
  const options = { subject: text, reason: text, ticket: text, url: text, token: text, tenant: text }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError(String(error instanceof Error ? error.message : error).split('\n')[0])
  }
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

/** The service's own words, where it is ours. */
const detailOf = (text: string): string => {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'detail' in body) return String(body.detail)
  } catch {}
  return text.slice(0, 500)
}
