import type { Context } from 'hono'
import type { Handled } from '../app/handle.ts'
import { principalKey } from '../auth/principal.ts'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'
import { Positions } from './positions.ts'

/** How far the views are. */
export interface Freshness {
  current(): bigint
  reach(position: bigint, timeoutMs: number): Promise<boolean>
}

const waitMaxMs = 500
const callersMax = 10_000
const header = 'Ledger-Position'

/**
 * Lets a caller read its own writes: remembers each principal's last command, and makes its reads wait for it. The
 * position travels as an opaque word, for a plain number would show what other tenants do.
 */
export class ReadAfterWrite {
  private readonly views: Freshness
  readonly positions: Positions
  private readonly lastCommands = new Map<string, bigint>()

  /** `key` has 32 bytes. */
  constructor(views: Freshness, key: Buffer) {
    this.views = views
    this.positions = new Positions(key)
  }

  /** Takes note of what a command of this request came to. */
  wrote(c: Context<Env>, { appended, position }: Pick<Handled<unknown>, 'appended' | 'position'>): void {
    c.set('ownEvent', appended)
    const caller = principalKey(c.get('principal'))
    const before = this.lastCommands.get(caller) ?? -1n
    this.lastCommands.delete(caller)
    this.lastCommands.set(caller, position > before ? position : before)
    const [oldest] = this.lastCommands.keys()
    if (this.lastCommands.size > callersMax && oldest !== undefined) this.lastCommands.delete(oldest)
    c.header(header, this.seal(position))
  }

  /** Waits; throws VIEWS_BEHIND when the position that the request names is not reached in time. */
  async beforeRead(c: Context<Env>): Promise<void> {
    const asked = c.req.header(header)
    const explicit = asked === undefined ? undefined : this.open(asked)
    const own = this.lastCommands.get(principalKey(c.get('principal'))) ?? -1n
    const wanted = explicit !== undefined && explicit > own ? explicit : own
    if (!(await this.views.reach(wanted, waitMaxMs))) {
      if (explicit !== undefined && explicit > this.views.current()) {
        c.header('Retry-After', '1')
        throw new Rejection('VIEWS_BEHIND', 'the views have not reached the position asked for; ask again')
      }
      c.header('Ledger-Lag', 'true')
    }
    c.header(header, this.seal(this.views.current()))
  }

  /** How far the views are. */
  current(): bigint {
    return this.views.current()
  }

  seal(position: bigint): string {
    return this.positions.seal(position)
  }

  /** What was sealed here; throws VALIDATION_FAILED for anything else. */
  open(text: string): bigint {
    return this.positions.open(text, header)
  }

  /** Whether the views have reached a position, or do so in time. */
  reached(position: bigint): Promise<boolean> {
    return this.views.reach(position, waitMaxMs)
  }
}
