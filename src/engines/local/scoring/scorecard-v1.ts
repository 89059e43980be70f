import { type FeatureName, featureNames } from './features.ts'
import type { Scorecard } from './scorecard.ts'

/**
 * The scorecard to begin with, written by hand: means and deviations are those of some thousand synthetic parties,
 * weights what a lender would say before seeing any default. The type asks for every feature, even for a weight of 0.
 */
const judgement: Record<FeatureName, [mean: number, sd: number, weight: number]> = {
  age_years: [44, 13, -0.1],
  customer_months: [60, 58, -0.15],
  transactions_per_month: [5.1, 0.7, 0],
  income_per_month: [2550, 1050, -0.1],
  income_variation: [0.11, 0.09, 0.15],
  income_gap_days: [42, 17, 0.2],
  spending_to_income: [0.78, 0.17, 0.2],
  cash_share: [0.2, 0.15, 0.15],
  late_share: [0.3, 0.31, 0.45],
  days_late_mean: [2.7, 4.2, 0.25],
  days_late_max: [8.7, 11.4, 0.1],
  fees_per_month: [0.45, 0.45, 0.15],
  balance_mean_to_income: [0.95, 1.5, -0.25],
  balance_min_to_income: [0.1, 1.35, -0.2],
  negative_balance_share: [0.35, 0.39, 0.25],
  limit_use: [0.4, 0.42, 0.25],
}

export const scorecardV1: Scorecard = {
  version: 'v1',
  intercept: -0.5,
  weights: featureNames.map((feature) => {
    const [mean, sd, weight] = judgement[feature]
    return { feature, mean, sd, weight }
  }),
  // Even odds in the middle of 300..850; 40 points per doubling put odds of about 100:1 at either end.
  scaling: { least: 300, most: 850, even_odds_score: 575, double_odds_points: 40 },
  origin: null,
}
