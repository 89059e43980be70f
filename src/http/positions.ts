import { createCipheriv, createDecipheriv } from 'node:crypto'
import { drawBytes } from '../app/ids.ts'
import { Rejection } from '../domain/codes.ts'

const emptyPosition = 2n ** 48n - 1n

/** Positions of the ledger as opaque words: a plain number would show a tenant what the others do. */
export class Positions {
  private readonly key: Buffer

  /** `key` has 32 bytes. */
  constructor(key: Buffer) {
    this.key = key
  }

  /**
   * One block of AES: the position, four random bytes, so that an unchanged ledger does not show, and six zero bytes,
   * which only this key brings back. Where one position must always be the same word, `mark` takes the place of what
   * is drawn.
   */
  seal(position: bigint, mark: Buffer = drawBytes(4)): string {
    const block = Buffer.alloc(16)
    // -1, of a ledger that is empty, is the greatest of all positions here.
    block.writeUIntBE(Number(position < 0n ? emptyPosition : position), 0, 6)
    mark.copy(block, 6, 0, 4)
    const cipher = createCipheriv('aes-256-ecb', this.key, null).setAutoPadding(false)
    return cipher.update(block).toString('base64url')
  }

  /** What was sealed under this key; throws VALIDATION_FAILED, which names the field, for anything else. */
  open(text: string, field: string): bigint {
    const sealed = Buffer.from(text, 'base64url')
    if (sealed.length === 16) {
      const block = createDecipheriv('aes-256-ecb', this.key, null).setAutoPadding(false).update(sealed)
      const position = BigInt(block.readUIntBE(0, 6))
      if (block.readUIntBE(10, 6) === 0) return position === emptyPosition ? -1n : position
    }
    throw new Rejection('VALIDATION_FAILED', `${field} is none that was given out here`, { field })
  }
}
