import type { Decider } from '../decider.ts'

/**
 * The ledger's past differs from what was sealed. `from` to `to` are the indexes, both included, of which the first that
 * differs is one; they are equal where it is known exactly. `event` and `stream`: what was sealed there, as far as known.
 */
export type AlertEvent = {
  type: 'IntegrityAlertRaised'
  data: {
    log: 'commands' | 'access'
    from: number
    to: number
    event: string | null
    stream: string | null
    detail: string
  }
}

export type RaiseAlert = { type: 'RaiseAlert' } & AlertEvent['data']

/** The findings about one log, by their indexes. */
export type Alerts = readonly string[]

const keyOf = ({ from, to }: { from: number; to: number }): string => `${from}-${to}`

/** One finding is told once, however many replicas come upon it, and however often. */
export const alertDecider: Decider<Alerts, RaiseAlert, AlertEvent> = {
  initial: [],
  decide: ({ type: _, ...finding }, alerts) =>
    alerts.includes(keyOf(finding)) ? [] : [{ type: 'IntegrityAlertRaised', data: finding }],
  evolve: (alerts, { data }) => [...alerts, keyOf(data)],
}
