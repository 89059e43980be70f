import type { Decider } from '../decider.ts'

/** What the ledger is called: part of the origin of its logs, and so for ever. */
export type LedgerNameEvent = { type: 'LedgerNamed'; data: { name: string } }

export interface NameLedger {
  type: 'NameLedger'
  name: string
}

export const ledgerNamePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/

/** The first name stays. */
export const ledgerNameDecider: Decider<string | null, NameLedger, LedgerNameEvent> = {
  initial: null,
  decide: ({ name }, named) => (named === null ? [{ type: 'LedgerNamed', data: { name } }] : []),
  evolve: (_, { data: { name } }) => name,
}
