import type { Tally } from './tally.ts'

/** What one party's features are computed from. */
interface Observation {
  tally: Tally
  windowDays: number
  /** Days since 1970 of the batch's last day, which the window ends with. */
  lastDay: number
  ageYears: number
  customerDays: number
  declaredIncomeCents: number
  creditLimitCents: number
}

/** 0 where there is nothing to divide by: a party without a single repayment has no share of late ones. */
const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)
const perMonth = (count: number, windowDays: number): number => (count / windowDays) * 30
const ratioCap = 5

/** The sixteen, in the order of their columns. Rates are per 30 days, so that windows can be compared. */
const definitions = {
  age_years: (o) => o.ageYears,
  customer_months: (o) => o.customerDays / 30,
  transactions_per_month: (o) => perMonth(o.tally.transactions, o.windowDays),
  income_per_month: (o) => perMonth(o.tally.incomeSum / 100, o.windowDays),
  income_variation: (o) => incomeVariation(o.tally),
  income_gap_days: (o) => incomeGapDays(o),
  spending_to_income: (o) => Math.min(ratioCap, ratio(o.tally.spendingSum, o.tally.incomeSum)),
  cash_share: (o) => ratio(o.tally.cashSpendings, o.tally.spendings),
  late_share: (o) => ratio(o.tally.lateRepayments, o.tally.repayments),
  days_late_mean: (o) => ratio(o.tally.daysLateSum, o.tally.repayments),
  days_late_max: (o) => o.tally.daysLateMax,
  fees_per_month: (o) => perMonth(o.tally.fees, o.windowDays),
  balance_mean_to_income: (o) => ratio(ratio(o.tally.balanceSum, o.tally.transactions), o.declaredIncomeCents),
  balance_min_to_income: (o) => ratio(lowestBalance(o.tally), o.declaredIncomeCents),
  negative_balance_share: (o) => ratio(o.tally.negativeBalances, o.tally.transactions),
  limit_use: (o) => Math.min(ratioCap, ratio(Math.max(0, -lowestBalance(o.tally)), o.creditLimitCents)),
} satisfies Record<string, (observation: Observation) => number>

export type FeatureName = keyof typeof definitions
export type FeatureVector = Record<FeatureName, number>
export const featureNames = Object.keys(definitions) as FeatureName[]

/** Standard deviation over mean; the sums are exact, and rounding below zero is cut off. */
const incomeVariation = ({ incomes, incomeSum, incomeSquares }: Tally): number => {
  if (incomes < 2 || incomeSum <= 0) return 0
  const variance = (incomeSquares - incomeSum ** 2 / incomes) / (incomes - 1)
  return Math.sqrt(Math.max(0, variance)) / (incomeSum / incomes)
}

/** The longest time without income in the window, whose edges count too: never paid is the whole window. */
const incomeGapDays = ({ tally, windowDays, lastDay }: Observation): number => {
  let previous = lastDay - windowDays
  let longest = 0
  for (const day of [...tally.incomeDays.sort((a, b) => a - b), lastDay]) {
    longest = Math.max(longest, day - previous)
    previous = day
  }
  return longest
}

const lowestBalance = (tally: Tally): number => (tally.transactions > 0 ? tally.balanceMin : 0)

/** To six decimals: more than a score can show, and short in the file. The sum turns -0 into 0. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0

export const featuresOf = (observation: Observation): FeatureVector => {
  const entries = featureNames.map((name) => [name, rounded(definitions[name](observation))])
  return Object.fromEntries(entries)
}
