import { historyCalendar, historyDays, monthStarts } from './calendar.ts'
import { clamp, type Party, type Traits } from './parties.ts'
import { type Random, seeded, sigmoid } from './random.ts'

type TransactionKind = 'income' | 'purchase' | 'cash' | 'repayment' | 'fee'

/** One row of transactions.parquet; party and sequence are its key. */
export type Transaction = {
  party_id: string
  sequence: number
  day: string
  kind: TransactionKind
  /** What came in is positive, what went out negative. */
  amount_cents: number
  /** Of the account after this transaction. */
  balance_cents: number
  /** Of a repayment; 0 for every other kind. */
  days_late: number
}

interface Planned {
  day: number
  kind: TransactionKind
  amount: number
  daysLate: number
}

const overdraftFeeCents = 1_500
const repaymentDueDay = 9
/** Pay comes on the 24th to 26th, so that every window of some months holds as many paydays as repayments. */
const paydayEarliest = 23

/** A year of one party's account: what its traits lead it to plan, then what its balance and limit allow. */
export const simulateAccount = (party: Party, traits: Traits): Transaction[] => {
  const random = seeded('transactions', party.party_id)
  const plan = monthStarts.flatMap((start) => planMonth(start, party, traits, random))
  plan.sort((a, b) => a.day - b.day)
  const opening = party.monthly_income_cents * (1 - 0.5 * traits.strain + 0.25 * random.normal())
  return settle(party, plan, Math.round(Math.max(opening, -party.credit_limit_cents / 2)))
}

const planMonth = (start: number, party: Party, traits: Traits, random: Random): Planned[] => {
  const income = party.monthly_income_cents
  const planned: Planned[] = []
  if (random.uniform() < sigmoid(3 + 1.2 * traits.stability)) {
    const spread = Math.exp(-2.3 - 0.6 * traits.stability)
    const amount = Math.round(income * clamp(1 + spread * random.normal(), 0.2, 2))
    planned.push({ day: start + paydayEarliest + random.integer(3), kind: 'income', amount, daysLate: 0 })
  }
  const spending = income * clamp(0.75 + 0.12 * traits.strain + 0.05 * random.normal(), 0.3, 1.4)
  const purchases = 2 + random.poisson(1)
  for (let i = 0; i < purchases; i += 1) {
    const kind = random.uniform() < sigmoid(-1.6 + 0.8 * traits.strain) ? 'cash' : 'purchase'
    const amount = -Math.round((spending / purchases) * Math.exp(0.3 * random.normal()))
    planned.push({ day: start + random.integer(28), kind, amount, daysLate: 0 })
  }
  const daysLate = drawLateness(traits, random)
  const paidOn = start + repaymentDueDay + daysLate
  planned.push({ day: paidOn, kind: 'repayment', amount: -Math.round(income * 0.15), daysLate })
  return planned.filter((transaction) => transaction.day < historyDays)
}

const drawLateness = (traits: Traits, random: Random): number => {
  if (random.uniform() > sigmoid(-1.3 - 1.8 * traits.discipline + 0.4 * traits.strain)) return 0
  const mean = 6 * Math.exp(-0.4 * traits.discipline)
  return 1 + Math.min(60, Math.floor(-mean * Math.log(1 - random.uniform())))
}

/** What would go beyond the credit limit is declined; the first dip below zero in a month costs a fee. */
const settle = (party: Party, plan: readonly Planned[], opening: number): Transaction[] => {
  const settled: Transaction[] = []
  let balance = opening
  let chargedMonth = -1
  const book = ({ day, kind, amount, daysLate }: Planned) => {
    balance += amount
    settled.push({
      party_id: party.party_id,
      sequence: settled.length + 1,
      day: historyCalendar[day] ?? party.as_of,
      kind,
      amount_cents: amount,
      balance_cents: balance,
      days_late: daysLate,
    })
  }
  for (const planned of plan) {
    if (planned.amount < 0 && balance + planned.amount < -party.credit_limit_cents) continue
    book(planned)
    const month = Math.floor(planned.day / 30.5)
    if (balance >= 0 || month === chargedMonth) continue
    chargedMonth = month
    book({ day: planned.day, kind: 'fee', amount: -overdraftFeeCents, daysLate: 0 })
  }
  return settled
}
