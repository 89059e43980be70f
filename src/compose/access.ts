import { join } from 'node:path'
import { CallRecorder } from '../app/call-recorder.ts'
import { CountedCalls } from '../app/counted-calls.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { SubjectKeys } from '../app/ports/subject-keys.ts'
import { agentIdentity, verifyApiKey } from '../auth/api-key.ts'
import { chooseTenant } from '../auth/choose-tenant.ts'
import { chooseVerifier, createDevVerifier } from '../auth/dev-key.ts'
import { openIdentity } from '../auth/open.ts'
import { loadPolicies } from '../auth/policy.ts'
import { TenantDirectory } from '../auth/tenants.ts'
import { createTokenVerifier, readSource } from '../auth/tokens.ts'
import type { Config } from '../config.ts'
import { must, parseTenantId, type TenantId } from '../domain/ids.ts'
import { devKey, instanceId, openKeysDir } from '../host/secrets.ts'
import { Callers } from '../http/callers.ts'
import { RateLimits } from '../http/limits.ts'
import type { Credentials, Services, SubjectErasure } from '../http/services.ts'
import { openFileKeys } from '../keys/file-keys.ts'
import { Sealer } from '../keys/sealing.ts'
import { clientAddress } from '../net/client-address.ts'
import { webhookSecretsOf } from './webhooks.ts'

type Access = Pick<
  Services,
  | 'credentials'
  | 'callers'
  | 'clientAddress'
  | 'policies'
  | 'limits'
  | 'counted'
  | 'webhookSecrets'
  | 'subjectKeys'
  | 'openSealed'
  | 'corsOrigins'
> & {
  calls: Services['calls'] & Pick<CallRecorder, 'behindMs'>
  /** Has rates counted together with the other processes on the bus. */
  shareLimits: RateLimits['share']
  /** Writes what is not written yet. */
  close(): Promise<void>
}

/** Who may call, and where it is written down. */
export const composeAccess = async (config: Config, commands: CommandHandler, log: Log): Promise<Access> => {
  sayWhoMayCall(config, log)
  await openKeysDir(config.keysDir)
  const keys = await openFileKeys(join(config.keysDir, 'subjects'))
  const sealer = new Sealer(keys)
  const callers = new Callers({ commands, keys, sealer, nowMs: Date.now })
  const calls = new CallRecorder({ commands, log, replica: await instanceId(config.dataDir), nowMs: Date.now })
  const counted = new CountedCalls(calls)
  const limits = new RateLimits(config.rateLimit)
  return {
    credentials: await credentialsOf(config),
    callers,
    clientAddress: clientAddress(config.trustedProxies),
    policies: loadPolicies(config.policiesDir),
    limits,
    calls,
    counted,
    webhookSecrets: webhookSecretsOf(keys, sealer),
    subjectKeys: subjectErasureOf(keys, sealer, callers),
    openSealed: (sealed) => sealer.open(sealed),
    corsOrigins: config.corsOrigins,
    shareLimits: (bus) => limits.share(bus),
    close: async () => {
      counted.flush()
      await calls.close()
    },
  }
}

export const subjectErasureOf = (
  keys: SubjectKeys,
  sealer: Pick<Sealer, 'forget'>,
  callers: Pick<Callers, 'forget'>,
): SubjectErasure => ({
  erase: async (tenant, pseudonym) => {
    await keys.erase(pseudonym)
    sealer.forget(pseudonym)
    callers.forget(tenant, pseudonym)
  },
  isDestroyed: async (pseudonym) => (await keys.keyOf(pseudonym)) === null,
})

const credentialsOf = async ({ auth, keysDir }: Config): Promise<Credentials> => {
  const dev = auth.devTokens ? createDevVerifier(await devKey(keysDir), Date.now) : null
  const { issuer, audience } = auth
  const options = { issuer, audience, defaultTenant: null, nowMs: Date.now }
  const configured = auth.source && createTokenVerifier(await readSource(auth.source), options)
  const verifier = chooseVerifier(dev, configured)
  const directory = new TenantDirectory(auth.tenants)
  const agent = agentIdentity({ tenants: [tenantOf(auth.agentTenant)], roles: auth.agentRoles })
  return {
    open: auth.mode === 'open' ? openIdentity(tenantOf('default')) : null,
    verifyToken: (token) => verifier.verify(token),
    verifyApiKey: (key) => verifyApiKey(auth.apiKey, key, agent),
    chooseTenant: (identity, header, required) => chooseTenant(identity, header, directory, required),
  }
}

const sayWhoMayCall = ({ auth }: Config, log: Log): void => {
  if (auth.mode === 'open') log.warn('open mode: whoever calls from this machine without a credential has every role')
  for (const [uuid, tenant] of auth.tenants) log.info('tenant', { tenant, 'X-Tenant-ID': uuid })
}

const tenantOf = (name: string): TenantId => must(parseTenantId(name), 'tenant')
