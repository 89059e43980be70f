import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Context } from 'hono'
import type { Handled } from '../app/handle.ts'
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

/**
 * Lets a caller read its own writes: remembers each principal's last command, and makes its reads wait for it. The
 * position travels as an opaque word, for a plain number would show what other tenants do.
 */
export class ReadAfterWrite {
  private readonly views: Freshness
  private readonly key: Buffer
  private readonly lastCommands = new Map<string, bigint>()
  /** The last position that was sealed: between two commands every read asks for the same. */
  private sealed = { position: -2n, text: '' }

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

  /** One block of AES: the position and eight zero bytes, which only this key brings back. */
  private seal(position: bigint): string {
    if (position === this.sealed.position) return this.sealed.text
    const block = Buffer.alloc(16)
    block.writeBigInt64BE(position)
    const cipher = createCipheriv('aes-256-ecb', this.key, null).setAutoPadding(false)
    this.sealed = { position, text: cipher.update(block).toString('base64url') }
    return this.sealed.text
  }

  private open(text: string): bigint {
    const sealed = Buffer.from(text, 'base64url')
    if (sealed.length === 16) {
      const block = createDecipheriv('aes-256-ecb', this.key, null).setAutoPadding(false).update(sealed)
      if (block.readBigInt64BE(8) === 0n) return block.readBigInt64BE(0)
    }
    throw new Rejection('VALIDATION_FAILED', `${header} is none that was given out here`, { field: header })
  }
}
