/** Row by row: what the model says (a probability, for log-loss and Brier) and what happened (1 or 0). */
export interface Judged {
  scores: readonly number[]
  labels: readonly number[]
}

/** Counts of each class per distinct score, in ascending order of the score. */
const groups = ({ scores, labels }: Judged): { positives: number; negatives: number }[] => {
  const order = scores.map((score, row) => ({ score, label: labels[row] })).sort((a, b) => a.score - b.score)
  const found: { positives: number; negatives: number }[] = []
  let last: { score: number; counts: { positives: number; negatives: number } } | undefined
  for (const { score, label } of order) {
    if (last?.score !== score) {
      last = { score, counts: { positives: 0, negatives: 0 } }
      found.push(last.counts)
    }
    if (label === 1) last.counts.positives += 1
    else last.counts.negatives += 1
  }
  return found
}

const count = (labels: readonly number[], kind: number): number => labels.filter((label) => label === kind).length

/**
 * Area under the ROC curve as the Mann-Whitney statistic: the share of (positive, negative) pairs that are in the right
 * order, a tie being half a pair. NaN when a class is missing.
 */
export const auc = (judged: Judged): number => {
  let below = 0
  let pairs = 0
  for (const { positives, negatives } of groups(judged)) {
    pairs += positives * (below + negatives / 2)
    below += negatives
  }
  return pairs / (count(judged.labels, 1) * count(judged.labels, 0))
}

/** Kolmogorov-Smirnov: the largest distance between the classes' cumulative shares. NaN when a class is missing. */
export const kolmogorovSmirnov = (judged: Judged): number => {
  const positiveCount = count(judged.labels, 1)
  const negativeCount = count(judged.labels, 0)
  let [positivesSeen, negativesSeen, largest] = [0, 0, 0]
  for (const { positives, negatives } of groups(judged)) {
    positivesSeen += positives
    negativesSeen += negatives
    const distance = Math.abs(negativesSeen / negativeCount - positivesSeen / positiveCount)
    largest = Number.isNaN(distance) ? distance : Math.max(largest, distance)
  }
  return largest
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean negative log-likelihood in nats; a certain and wrong probability counts as 1e-15, not as infinity. */
export const logLoss = ({ scores, labels }: Judged): number =>
  mean(scores.map((score, row) => -Math.log(Math.max(1e-15, labels[row] === 1 ? score : 1 - score))))

export const brier = ({ scores, labels }: Judged): number =>
  mean(scores.map((score, row) => (score - (labels[row] ?? 0)) ** 2))
