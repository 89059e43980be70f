/** Who asked for it and when is in the metadata. Reasons and tickets are free text that must name nobody. */
export type SubjectEvent =
  /** `identity` is the sealed JSON of issuer, subject and name. */
  | { type: 'SubjectRegistered'; data: { pseudonym: string; identity: string } }
  | { type: 'LegalHoldPlaced'; data: LegalHold & { pseudonym: string } }
  | { type: 'LegalHoldReleased'; data: { pseudonym: string; holdId: string } }
  | { type: 'SubjectErased'; data: { pseudonym: string; reason: string; ticket: string | null } }

/** As long as it is in force its subject cannot be erased. */
export interface LegalHold {
  holdId: string
  reason: string
}
