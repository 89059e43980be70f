import type { LegalHold } from './events.ts'

export interface RegisterSubject {
  type: 'RegisterSubject'
  pseudonym: string
  /** The sealed JSON of issuer, subject and name. */
  identity: string
  /** What is to be replaced because it is no longer so; null for a first registration. */
  replaces: string | null
}

export interface EraseSubject {
  type: 'EraseSubject'
  pseudonym: string
  reason: string
  ticket: string | null
  /** Approvals that the subject has asked for or has to give, and that are not settled. */
  openApprovals: readonly string[]
}

export type SubjectCommand =
  | RegisterSubject
  | EraseSubject
  | ({ type: 'PlaceLegalHold'; pseudonym: string } & LegalHold)
  | { type: 'ReleaseLegalHold'; pseudonym: string; holdId: string }
