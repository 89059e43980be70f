/** Who a credential names: one data subject (DESIGN.md sections 3 and 8). */
export interface Subject {
  issuer: string
  subject: string
}

/**
 * The key store: for each data subject a random pseudonym and a key. It is precious, like the ledger; destroying a key
 * erases the personal values that were sealed under it, everywhere and for good.
 */
export interface SubjectKeys {
  /** The subject's pseudonym; on first sight it is drawn, with a key, and kept before it is answered. */
  pseudonymOf(subject: Subject): Promise<string>
  /** 32 bytes; null when the subject was erased or is not known. */
  keyOf(pseudonym: string): Promise<Buffer | null>
  /** Destroys the key. The pseudonym stays taken; a subject that comes again gets another. */
  erase(pseudonym: string): Promise<void>
}
