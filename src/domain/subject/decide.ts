import type { Decider } from '../decider.ts'

/** A person or service that has acted: what is known of it is sealed under its own key (DESIGN.md section 8). */
export interface SubjectState {
  registered: boolean
}

/** `identity` is the sealed JSON of issuer, subject and name. */
export type SubjectEvent = { type: 'SubjectRegistered'; data: { pseudonym: string; identity: string } }

export interface RegisterSubject {
  type: 'RegisterSubject'
  pseudonym: string
  identity: string
}

export const subjectDecider: Decider<SubjectState, RegisterSubject, SubjectEvent> = {
  initial: { registered: false },
  decide: ({ pseudonym, identity }, { registered }) =>
    registered ? [] : [{ type: 'SubjectRegistered', data: { pseudonym, identity } }],
  evolve: () => ({ registered: true }),
}
