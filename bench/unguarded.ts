import { composeAccess } from '../src/compose/access.ts'
import { loadConfig } from '../src/config.ts'
import { serve } from '../src/main.ts'

/**
 * The service without what guards it: no token is verified, no policy asked, nothing limited, nothing recorded. What
 * lies between this and the service is their cost.
 */
const unguarded: typeof composeAccess = async (...given) => {
  const real = await composeAccess(...given)
  const identity = real.credentials.open
  if (!identity) throw new Error('the unguarded service is for AUTH=open')
  const [tenant] = identity.tenants
  if (!tenant) throw new Error('nobody calls')
  const caller = await real.callers.of(identity, tenant, '127.0.0.1')
  const decision = { allowed: true, policy: { id: 'none', version: '' } }
  return {
    ...real,
    credentials: { ...real.credentials, verifyToken: async () => identity, chooseTenant: () => tenant },
    callers: { of: async () => caller, originOfNobody: async () => caller.origin },
    policies: { decide: () => decision },
    limits: { take: async () => undefined },
    calls: { record: () => undefined, durable: async () => -1n, keepsUp: async () => true, behindMs: () => 0 },
  }
}

const { url, stop } = await serve(loadConfig(), unguarded)
process.stdout.write(`unguarded ready ${url}\n`)
process.once('SIGTERM', () => void stop().then(() => process.exit(0)))
