/** What features need of one party's transactions. Sums are of whole cents, so the order of rows cannot matter. */
export interface Tally {
  transactions: number
  incomes: number
  incomeSum: number
  incomeSquares: number
  incomeDays: number[]
  spendings: number
  cashSpendings: number
  spendingSum: number
  repayments: number
  lateRepayments: number
  daysLateSum: number
  daysLateMax: number
  fees: number
  balanceSum: number
  balanceMin: number
  negativeBalances: number
}

interface TallyRow {
  /** Days since 1970. */
  day: number
  kind: string
  amountCents: number
  balanceCents: number
  daysLate: number
}

export const emptyTally = (): Tally => ({
  transactions: 0,
  incomes: 0,
  incomeSum: 0,
  incomeSquares: 0,
  incomeDays: [],
  spendings: 0,
  cashSpendings: 0,
  spendingSum: 0,
  repayments: 0,
  lateRepayments: 0,
  daysLateSum: 0,
  daysLateMax: 0,
  fees: 0,
  balanceSum: 0,
  balanceMin: Number.POSITIVE_INFINITY,
  negativeBalances: 0,
})

/** Adds one row in place: a batch has millions of them. */
export const tallyRow = (tally: Tally, row: TallyRow): void => {
  tally.transactions += 1
  tally.balanceSum += row.balanceCents
  tally.balanceMin = Math.min(tally.balanceMin, row.balanceCents)
  if (row.balanceCents < 0) tally.negativeBalances += 1
  if (row.kind === 'income') {
    tally.incomes += 1
    tally.incomeSum += row.amountCents
    tally.incomeSquares += row.amountCents ** 2
    tally.incomeDays.push(row.day)
  } else if (row.kind === 'purchase' || row.kind === 'cash') {
    tally.spendings += 1
    tally.spendingSum -= row.amountCents
    if (row.kind === 'cash') tally.cashSpendings += 1
  } else if (row.kind === 'repayment') {
    tally.repayments += 1
    tally.daysLateSum += row.daysLate
    tally.daysLateMax = Math.max(tally.daysLateMax, row.daysLate)
    if (row.daysLate > 0) tally.lateRepayments += 1
  } else if (row.kind === 'fee') tally.fees += 1
}
