import { subjects } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { SubjectKeys } from '../app/ports/subject-keys.ts'
import type { Identity, Principal } from '../auth/principal.ts'
import type { TenantId } from '../domain/ids.ts'

const registeredMax = 10_000
/** Origins of calls without identity are sealed under this subject's key. */
const nobody = { issuer: 'ledgerline:anonymous', subject: 'anonymous' }

/** Seals a personal value under a data subject's key. */
interface Seals {
  seal(pseudonym: string, value: string): Promise<string>
}

/** Who calls, as it is written down: a pseudonym, and where from, sealed. */
export interface Caller {
  principal: Principal
  origin: string
}

interface Deps {
  commands: Pick<CommandHandler, 'handle'>
  keys: SubjectKeys
  sealer: Seals
  nowMs(): number
}

/**
 * Makes callers of identities. The first call of a subject in this process makes sure that the ledger knows whom the
 * pseudonym stands for: sealed, so that the key alone opens it.
 */
export class Callers {
  private readonly deps: Deps
  private readonly registered = new Set<string>()

  constructor(deps: Deps) {
    this.deps = deps
  }

  async of(identity: Identity, tenant: TenantId, address: string): Promise<Caller> {
    const { keys, sealer } = this.deps
    const { issuer, subject, kind, roles, plan, authMethod } = identity
    const pseudonym = await keys.pseudonymOf({ issuer, subject })
    if (authMethod === 'jwt') await this.register(identity, tenant, pseudonym)
    const behalf =
      identity.onBehalfOf === null ? null : await keys.pseudonymOf({ issuer, subject: identity.onBehalfOf })
    const actor = {
      // What no person is behind goes by its own name.
      pseudonym: authMethod === 'jwt' ? pseudonym : subject,
      kind,
      roles,
      authMethod,
      ...(behalf === null ? {} : { onBehalfOf: behalf }),
    }
    return { principal: { tenant, actor, plan }, origin: await sealer.seal(pseudonym, address) }
  }

  /** Where a call without identity came from, sealed. */
  async originOfNobody(address: string): Promise<string> {
    return this.deps.sealer.seal(await this.deps.keys.pseudonymOf(nobody), address)
  }

  private async register(identity: Identity, tenant: TenantId, pseudonym: string): Promise<void> {
    const key = `${tenant}/${pseudonym}`
    if (this.registered.has(key)) return
    const { issuer, subject, name } = identity
    const sealed = await this.deps.sealer.seal(pseudonym, JSON.stringify({ issuer, subject, name }))
    const command = { type: 'RegisterSubject' as const, pseudonym, identity: sealed }
    const context = systemContext(tenant, 'authentication', this.deps.nowMs())
    await this.deps.commands.handle(subjects, pseudonym, command, context)
    if (this.registered.size >= registeredMax) this.registered.clear()
    this.registered.add(key)
  }
}
