import { directInfluences, type Influence, influences } from '../../../domain/run/lineage.ts'

/** A column of a dataset, as a key: JSON of `[dataset, column]`. */
export type InputKey = string

/**
 * What something comes from: for each input the influences that it has, a bit each, by their order in `influences`.
 * `isUnknown`: there may be more.
 */
export interface Origins {
  inputs: ReadonlyMap<InputKey, number>
  isUnknown: boolean
}

const bitOf = (influence: Influence): number => 1 << influences.indexOf(influence)
const directBits = directInfluences.reduce((bits, influence) => bits | bitOf(influence), 0)

export const nothing: Origins = { inputs: new Map(), isUnknown: false }
export const unknown: Origins = { inputs: new Map(), isUnknown: true }

export const inputKey = (dataset: string, column: string): InputKey => JSON.stringify([dataset, column])
export const originOf = (key: InputKey): Origins => ({ inputs: new Map([[key, bitOf('IDENTITY')]]), isUnknown: false })

export const together = (all: readonly Origins[]): Origins => {
  const some = all.filter(({ inputs, isUnknown }) => inputs.size > 0 || isUnknown)
  if (some.length < 2) return some[0] ?? nothing
  const inputs = new Map<InputKey, number>()
  for (const one of some) for (const [key, bits] of one.inputs) inputs.set(key, (inputs.get(key) ?? 0) | bits)
  return { inputs, isUnknown: some.some(({ isUnknown }) => isUnknown) }
}

/**
 * The origins of what is made of something: TRANSFORMATION is stronger than IDENTITY, AGGREGATION than both. What had
 * its influence indirectly keeps it; what becomes indirect does so by the first step that makes it so.
 */
export const by = (influence: Influence, { inputs, isUnknown }: Origins): Origins => ({
  inputs: new Map([...inputs].map(([key, bits]) => [key, step(influence, bits)])),
  isUnknown,
})

const step = (influence: Influence, bits: number): number => {
  const direct = bits & directBits
  if (direct === 0) return bits
  const own = bitOf(influence)
  if ((own & directBits) === 0) return (bits & ~directBits) | own
  // Stronger influences have higher bits; of what is there, those that are weaker become this one.
  const stronger = direct & ~((own << 1) - 1)
  const becomes = (direct & ((own << 1) - 1)) === 0 ? 0 : own
  return (bits & ~directBits) | stronger | becomes
}

export const influencesOf = (bits: number): Influence[] =>
  influences.filter((influence) => (bits & bitOf(influence)) !== 0)

export const isSame = (one: Origins, other: Origins): boolean =>
  one.isUnknown === other.isUnknown &&
  one.inputs.size === other.inputs.size &&
  [...one.inputs].every(([key, bits]) => other.inputs.get(key) === bits)
