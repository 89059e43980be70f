import { daysBeforeLast, lastDay } from './calendar.ts'
import { type Random, seeded, sigmoid } from './random.ts'

/**
 * What drives a party, in standard deviations. Traits are never written anywhere: transactions and default both follow
 * from them, so a model can learn default from behaviour, and can only learn it from there.
 */
export interface Traits {
  /** How tight money is. */
  strain: number
  /** How reliably bills are paid on their day. */
  discipline: number
  /** How steady the income is. */
  stability: number
}

export const traitsOf = (partyId: string): Traits => {
  const random = seeded('traits', partyId)
  return { strain: random.normal(), discipline: random.normal(), stability: random.normal() }
}

/** One row of parties.parquet. Days are `YYYY-MM-DD`. */
export type Party = {
  party_id: string
  birth_year: number
  region: string
  employment: string
  customer_since: string
  /** What the party declared, not what its transactions show. */
  monthly_income_cents: number
  credit_limit_cents: number
  /** The batch's last day: attributes are as they stood then. */
  as_of: string
}

const regions = ['north', 'south', 'east', 'west', 'centre'] as const

/** The same party whatever the size of the batch: a batch of 50 is the first half of the batch of 100. */
export const makeParty = (batch: string, number: number): { party: Party; traits: Traits } => {
  const partyId = `${batch}-${String(number).padStart(6, '0')}`
  const traits = traitsOf(partyId)
  const random = seeded('party', partyId)
  const income = Math.round(260_000 * Math.exp(0.35 * random.normal() - 0.12 * traits.strain))
  const customerDays = Math.round(60 - 1800 * Math.log(1 - random.uniform()))
  const party: Party = {
    party_id: partyId,
    birth_year:
      Number(lastDay.slice(0, 4)) - clamp(Math.round(44 + 13 * random.normal() + 2 * traits.stability), 19, 85),
    region: regions[random.integer(regions.length)] ?? regions[0],
    employment: employmentOf(traits, random),
    customer_since: daysBeforeLast(Math.min(customerDays, 10_000)),
    monthly_income_cents: income,
    credit_limit_cents: Math.round((income * (0.8 + random.uniform())) / 10_000) * 10_000,
    as_of: lastDay,
  }
  return { party, traits }
}

const employmentOf = (traits: Traits, random: Random): string => {
  if (random.uniform() < sigmoid(1.6 + traits.stability)) return 'employed'
  return random.uniform() < 0.7 ? 'self_employed' : 'between_jobs'
}

export const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
