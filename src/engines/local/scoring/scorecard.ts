import type { JsonValue } from '../../../domain/json.ts'
import { type FeatureName, type FeatureVector, featureNames } from './features.ts'
import { fieldsOf } from './fields.ts'
import { clamp } from './parties.ts'
import { sigmoid } from './random.ts'
import { failure } from './work.ts'

/** A weight applies to the feature in standard deviations from a mean. */
type Weight = { feature: FeatureName; mean: number; sd: number; weight: number }

/** The log-odds of default, as a weighted sum. */
export type Linear = { intercept: number; weights: Weight[] }

/** How log-odds become points: `even_odds_score` at odds of 1:1, and `double_odds_points` more per halving of the odds. */
type Scaling = { least: number; most: number; even_odds_score: number; double_odds_points: number }

/** A scorecard document: `scoring/scorecards/<version>.json`. Once published, a version never changes. */
export type Scorecard = Linear & {
  version: string
  scaling: Scaling
  /** Where a refined scorecard comes from; null for one written by hand. */
  origin: JsonValue
}

export const logitOf = (card: Linear, features: FeatureVector): number =>
  card.weights.reduce(
    (sum, { feature, mean, sd, weight }) => sum + (weight * (features[feature] - mean)) / sd,
    card.intercept,
  )

type Score = { probability: number; score: number }

/** Probability of default, and points: the higher, the safer. */
export const scoreOf = (card: Scorecard, features: FeatureVector): Score => {
  const logit = logitOf(card, features)
  const { least, most, even_odds_score, double_odds_points } = card.scaling
  const points = even_odds_score - (double_odds_points / Math.LN2) * logit
  return { probability: sigmoid(logit), score: Math.round(clamp(points, least, most)) }
}

export const parseScorecard = (json: JsonValue, what: string): Scorecard => {
  const card = fieldsOf(json, what)
  const scaling = fieldsOf(card.value('scaling'), `${what}: scaling`)
  return {
    version: card.text('version'),
    intercept: card.number('intercept'),
    weights: parseWeights(card.list('weights'), what),
    scaling: {
      least: scaling.number('least'),
      most: scaling.number('most'),
      even_odds_score: scaling.number('even_odds_score'),
      double_odds_points: scaling.number('double_odds_points'),
    },
    origin: card.value('origin'),
  }
}

export const parseWeights = (list: readonly JsonValue[], what: string): Weight[] =>
  list.map((entry) => {
    const fields = fieldsOf(entry, `${what}: weight`)
    const name = fields.text('feature')
    const feature = featureNames.find((known) => known === name)
    const sd = fields.number('sd')
    if (feature === undefined) throw failure(`${what}: there is no feature '${name}'`)
    if (sd <= 0) throw failure(`${what}: the sd of '${name}' must be above 0`)
    return { feature, mean: fields.number('mean'), sd, weight: fields.number('weight') }
  })

/** `share` of the second and the rest of the first: 0 is the first alone, 1 the second. Log-odds blend, not points. */
export const blend = (first: Linear, second: Linear, share: number): Linear => {
  const moved = restandardise(second, first)
  const weights = featureNames.flatMap((feature): Weight[] => {
    const a = first.weights.find((weight) => weight.feature === feature)
    const b = moved.weights.find((weight) => weight.feature === feature)
    const frame = a ?? b
    if (frame === undefined) return []
    return [{ ...frame, weight: (1 - share) * (a?.weight ?? 0) + share * (b?.weight ?? 0) }]
  })
  return { intercept: (1 - share) * first.intercept + share * moved.intercept, weights }
}

/** The same log-odds, told in the means and deviations of another card. */
const restandardise = (card: Linear, other: Linear): Linear => {
  let intercept = card.intercept
  const weights = card.weights.map((own): Weight => {
    const frame = other.weights.find((weight) => weight.feature === own.feature) ?? own
    intercept += (own.weight * (frame.mean - own.mean)) / own.sd
    return { ...frame, weight: (own.weight * frame.sd) / own.sd }
  })
  return { intercept, weights }
}
