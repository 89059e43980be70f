import { subjects } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { SubjectKeys } from '../app/ports/subject-keys.ts'
import type { Identity, Principal } from '../auth/principal.ts'
import type { TenantId } from '../domain/ids.ts'

const registeredMax = 10_000
/** Origins of calls without identity are sealed under this subject's key. */
const nobody = { issuer: 'ledgerline:anonymous', subject: 'anonymous' }

/** Seals a personal value under a data subject's key, and opens it. */
interface Seals {
  seal(pseudonym: string, value: string): Promise<string>
  open(sealed: string): Promise<string | null>
}

/** Who calls, as it is written down: a pseudonym, and where from, sealed. */
export interface Caller {
  principal: Principal
  origin: string
}

interface Deps {
  commands: Pick<CommandHandler, 'handle' | 'load'>
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
    const { issuer, subject, kind, roles, plan, authMethod } = identity
    const { pseudonym, origin } = await this.known({ tenant, issuer, subject }, async (pseudonym) => {
      if (authMethod === 'jwt') await this.register(tenant, pseudonym, identity)
      return { pseudonym, origin: await this.deps.sealer.seal(pseudonym, address) }
    })
    const behalf = await this.delegator(identity, tenant)
    const actor = {
      // What no person is behind goes by its own name.
      pseudonym: authMethod === 'jwt' ? pseudonym : subject,
      kind,
      roles,
      authMethod,
      ...(behalf === null ? {} : { onBehalfOf: behalf }),
    }
    return { principal: { tenant, actor, plan }, origin }
  }

  /** Where a call without identity came from, sealed. */
  async originOfNobody(address: string): Promise<string> {
    return this.deps.sealer.seal(await this.deps.keys.pseudonymOf(nobody), address)
  }

  /** Of a subject that is erased, no name stays in memory. */
  forget(tenant: string, pseudonym: string): void {
    const prefix = `${tenant}/${pseudonym}/`
    for (const key of this.registered) if (key.startsWith(prefix)) this.registered.delete(key)
  }

  /**
   * A subject has another pseudonym and another key in each tenant: what one tenant erases is its own (decision 10).
   * Where the subject is erased while its pseudonym is used, it is used again with the next one.
   */
  private async known<T>(
    { tenant, issuer, subject }: { tenant: TenantId; issuer: string; subject: string },
    use: (pseudonym: string) => Promise<T>,
  ): Promise<T> {
    // No tenant has a slash in its name.
    const named = { issuer, subject: `${tenant}/${subject}` }
    const pseudonym = await this.deps.keys.pseudonymOf(named)
    try {
      return await use(pseudonym)
    } catch (error) {
      const next = await this.deps.keys.pseudonymOf(named)
      if (next === pseudonym) throw error
      return use(next)
    }
  }

  private async delegator({ issuer, onBehalfOf }: Identity, tenant: TenantId): Promise<string | null> {
    if (onBehalfOf === null) return null
    return this.known({ tenant, issuer, subject: onBehalfOf }, async (pseudonym) => {
      await this.register(tenant, pseudonym, { issuer, subject: onBehalfOf, name: null })
      return pseudonym
    })
  }

  private async register(
    tenant: TenantId,
    pseudonym: string,
    { issuer, subject, name }: Pick<Identity, 'issuer' | 'subject' | 'name'>,
  ): Promise<void> {
    const key = `${tenant}/${pseudonym}/${name ?? ''}`
    if (this.registered.has(key)) return
    const { commands, sealer, nowMs } = this.deps
    const person = JSON.stringify({ issuer, subject, name })
    const { identity: known } = (await commands.load(subjects, tenant, pseudonym)).state
    // A credential without a name takes no name away.
    if (known === null || (name !== null && (await sealer.open(known)) !== person)) {
      const sealed = await sealer.seal(pseudonym, person)
      const command = { type: 'RegisterSubject' as const, pseudonym, identity: sealed, replaces: known }
      await commands.handle(subjects, pseudonym, command, systemContext(tenant, 'authentication', nowMs()))
    }
    if (this.registered.size >= registeredMax) this.registered.clear()
    this.registered.add(key)
  }
}
