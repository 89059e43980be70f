import { createHash } from 'node:crypto'
import type { Row } from '../step.ts'
import { type FeatureVector, featureNames } from './features.ts'
import { mapInTurns, rowsPerTurn } from './turns.ts'
import { numberAt, textAt } from './work.ts'

/** One row of features.parquet. */
export type PartyFeatures = { party_id: string } & FeatureVector

export const parseFeatures = (row: Row, path: string): PartyFeatures => {
  const values = featureNames.map((name) => [name, numberAt(row, name, path)])
  return { party_id: textAt(row, 'party_id', path), ...(Object.fromEntries(values) as FeatureVector) }
}

/** By code unit, not by locale: the same order on every machine. */
export const byParty = <T extends Row>(rows: readonly T[]): T[] =>
  rows
    .map((row) => ({ row, id: String(row.party_id) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ row }) => row)

export const featureValues = (row: PartyFeatures): number[] => featureNames.map((name) => row[name])

/** SHA-256, lower-case hex, over one JSON array a row: the party, whatever else is given of it, and its features. */
export const hashRows = async <T extends Row>(
  rows: readonly T[],
  more: (row: T) => Row[string][] = () => [],
): Promise<string> => {
  const hash = createHash('sha256')
  await mapInTurns(rows, rowsPerTurn, (row) => {
    const values = featureNames.map((name) => row[name] ?? null)
    hash.update(`${JSON.stringify([row.party_id, ...more(row), ...values])}\n`)
  })
  return hash.digest('hex')
}
