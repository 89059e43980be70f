import type { Subject, SubjectKeys } from '../../src/app/ports/subject-keys.ts'

/** Keys in memory; the pseudonyms are numbered in the order in which the subjects come. */
export class MemoryKeys implements SubjectKeys {
  private readonly pseudonyms = new Map<string, string>()
  private readonly keys = new Map<string, Buffer>()
  private drawn = 0

  async pseudonymOf({ issuer, subject }: Subject): Promise<string> {
    const name = `${issuer} ${subject}`
    const known = this.pseudonyms.get(name)
    if (known) return known
    this.drawn += 1
    const pseudonym = `p-${[...String(this.drawn)]
      .map((digit) => 'abcdefghij'[Number(digit)])
      .join('')
      .padStart(26, 'z')}`
    this.pseudonyms.set(name, pseudonym)
    this.keys.set(pseudonym, Buffer.alloc(32, this.drawn))
    return pseudonym
  }

  async keyOf(pseudonym: string): Promise<Buffer | null> {
    return this.keys.get(pseudonym) ?? null
  }

  async erase(pseudonym: string): Promise<void> {
    this.keys.delete(pseudonym)
    for (const [name, known] of this.pseudonyms) if (known === pseudonym) this.pseudonyms.delete(name)
  }
}
