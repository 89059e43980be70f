import type { Row } from '../step.ts'
import { dayNumber } from './calendar.ts'
import { byParty, type PartyFeatures } from './feature-table.ts'
import { featuresOf } from './features.ts'
import { emptyTally, type Tally, tallyRow } from './tally.ts'
import { mapInTurns, partiesPerTurn, rowsPerTurn } from './turns.ts'
import { numberAt, textAt } from './work.ts'

interface Table {
  path: string
  rows: readonly Row[]
}

/** The last `days` days up to and with `lastDay`, which counts from 1970. */
interface Window {
  lastDay: number
  days: number
}

/** The batch's last day is the latest that any of its parties is described for; `YYYY-MM-DD`. */
export const lastDayOf = (parties: Table): string =>
  parties.rows
    .map((party) => textAt(party, 'as_of', parties.path))
    .sort()
    .at(-1) ?? ''

/** The features of every party, in the order of party ids. */
export const observe = async (parties: Table, transactions: Table, window: Window): Promise<PartyFeatures[]> => {
  const tallies = await tallyTransactions(transactions, window)
  const rows = await mapInTurns(parties.rows, partiesPerTurn, (party) => {
    const id = textAt(party, 'party_id', parties.path)
    return { party_id: id, ...observeParty(party, parties.path, tallies.get(id) ?? emptyTally(), window) }
  })
  return byParty(rows)
}

const observeParty = (party: Row, path: string, tally: Tally, { lastDay, days }: Window) =>
  featuresOf({
    tally,
    lastDay,
    windowDays: days,
    ageYears: new Date(lastDay * 86_400_000).getUTCFullYear() - numberAt(party, 'birth_year', path),
    customerDays: lastDay - dayNumber(textAt(party, 'customer_since', path)),
    declaredIncomeCents: numberAt(party, 'monthly_income_cents', path),
    creditLimitCents: numberAt(party, 'credit_limit_cents', path),
  })

const tallyTransactions = async ({ rows, path }: Table, { lastDay, days }: Window): Promise<Map<string, Tally>> => {
  const tallies = new Map<string, Tally>()
  const dayNumbers = new Map<string, number>()
  await mapInTurns(rows, rowsPerTurn, (row) => {
    const text = textAt(row, 'day', path)
    const day = dayNumbers.get(text) ?? dayNumber(text)
    dayNumbers.set(text, day)
    if (!(day <= lastDay && day > lastDay - days)) return
    const id = textAt(row, 'party_id', path)
    const tally = tallies.get(id) ?? emptyTally()
    tallies.set(id, tally)
    tallyRow(tally, {
      day,
      kind: textAt(row, 'kind', path),
      amountCents: numberAt(row, 'amount_cents', path),
      balanceCents: numberAt(row, 'balance_cents', path),
      daysLate: numberAt(row, 'days_late', path),
    })
  })
  return tallies
}
