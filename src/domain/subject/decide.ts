import type { Decider } from '../decider.ts'

/** A person or service that has acted: what is known of it is sealed under its own key (DESIGN.md section 8). */
export interface SubjectState {
  /** Sealed; null before it was registered. */
  identity: string | null
}

/** `identity` is the sealed JSON of issuer, subject and name. */
export type SubjectEvent = { type: 'SubjectRegistered'; data: { pseudonym: string; identity: string } }

export interface RegisterSubject {
  type: 'RegisterSubject'
  pseudonym: string
  identity: string
  /** What is to be replaced because it is no longer so; null for a first registration. */
  replaces: string | null
}

export const subjectDecider: Decider<SubjectState, RegisterSubject, SubjectEvent> = {
  initial: { identity: null },
  decide: ({ pseudonym, identity, replaces }, subject) =>
    subject.identity === replaces ? [{ type: 'SubjectRegistered', data: { pseudonym, identity } }] : [],
  evolve: (_, { data }) => ({ identity: data.identity }),
}
