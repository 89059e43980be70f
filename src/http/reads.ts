import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Context } from 'hono'
import type { Handled } from '../app/handle.ts'
import { drawBytes } from '../app/ids.ts'
import { principalKey } from '../auth/principal.ts'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'

/** How far the views are. */
export interface Freshness {
  current(): bigint
  reach(position: bigint, timeoutMs: number): Promise<boolean>
}

const waitMaxMs = 500
const callersMax = 10_000
const header = 'Ledger-Position'
const emptyPosition = 2n ** 48n - 1n

/**
 * Lets a caller read its own writes: remembers each principal's last command, and makes its reads wait for it. The
 * position travels as an opaque word, for a plain number would show what other tenants do.
 */
export class ReadAfterWrite {
  private readonly views: Freshness
  private readonly key: Buffer
  private readonly lastCommands = new Map<string, bigint>()

  /** `key` has 32 bytes. */
  constructor(views: Freshness, key: Buffer) {
    this.views = views
    this.key = key
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

  /**
   * One block of AES: the position, four random bytes, so that an unchanged ledger does not show, and six zero bytes,
   * which only this key brings back.
   */
  private seal(position: bigint): string {
    const block = Buffer.alloc(16)
    // -1, of a ledger that is empty, is the greatest of all positions here.
    block.writeUIntBE(Number(position < 0n ? emptyPosition : position), 0, 6)
    drawBytes(4).copy(block, 6)
    const cipher = createCipheriv('aes-256-ecb', this.key, null).setAutoPadding(false)
    return cipher.update(block).toString('base64url')
  }

  private open(text: string): bigint {
    const sealed = Buffer.from(text, 'base64url')
    if (sealed.length === 16) {
      const block = createDecipheriv('aes-256-ecb', this.key, null).setAutoPadding(false).update(sealed)
      const position = BigInt(block.readUIntBE(0, 6))
      if (block.readUIntBE(10, 6) === 0) return position === emptyPosition ? -1n : position
    }
    throw new Rejection('VALIDATION_FAILED', `${header} is none that was given out here`, { field: header })
  }
}
