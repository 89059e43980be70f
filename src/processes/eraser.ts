import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { TenantId } from '../domain/ids.ts'

interface Subject {
  tenant: TenantId
  pseudonym: string
}

interface EraserDeps {
  /** Those who were ever erased, in order, after one of them. */
  erasedAfter(after: { tenant: string; pseudonym: string }, countMax: number): readonly Subject[]
  /** Destroys the key in the key store, and drops what is in memory by it; as often as one likes. */
  erase(tenant: TenantId, pseudonym: string): Promise<void>
  head(): Promise<bigint>
  log: Pick<Log, 'info'>
}

const pageSize = 500
const atOnceMax = 32

/**
 * Destroys the keys of those who were erased, in every process: another one may have died between the event and the
 * deed, and a backup of the keys that is restored brings old keys back.
 */
export class Eraser implements Follows {
  readonly name = 'eraser'
  private readonly deps: EraserDeps

  constructor(deps: EraserDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** Applies every erasure up to the head again. The views must be current. Rejects when a key cannot be destroyed. */
  async start(): Promise<void> {
    let applied = 0
    let page = this.deps.erasedAfter({ tenant: '', pseudonym: '' }, pageSize)
    for (let last = page.at(-1); last; last = page.at(-1)) {
      await this.eraseAll(page)
      applied += page.length
      page = this.deps.erasedAfter(last, pageSize)
    }
    if (applied > 0) this.deps.log.info('erasures applied again', { subjects: applied })
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    const erased = events.flatMap(({ event, metadata: { tenant } }) =>
      event?.type === 'SubjectErased' ? [{ tenant, pseudonym: event.data.pseudonym }] : [],
    )
    await this.eraseAll(erased)
  }

  private async eraseAll(subjects: readonly Subject[]): Promise<void> {
    for (let from = 0; from < subjects.length; from += atOnceMax) {
      const some = subjects.slice(from, from + atOnceMax)
      await Promise.all(some.map(({ tenant, pseudonym }) => this.deps.erase(tenant, pseudonym)))
    }
  }
}
