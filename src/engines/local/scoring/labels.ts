import type { Row, Step } from '../step.ts'
import { readParties } from './extract.ts'
import { byParty } from './feature-table.ts'
import { type Traits, traitsOf } from './parties.ts'
import { seeded, sigmoid } from './random.ts'
import { mapInTurns, partiesPerTurn } from './turns.ts'
import { beginWork, failure, textAt, type Work } from './work.ts'

/** One row of labels.parquet: 1 when the party defaulted after the batch's last day. */
type Label = { party_id: string; defaulted: 0 | 1 }

/** Stage `generate_scorecard_labels`. */
export const label: Step = async (context) => {
  const work = beginWork(context)
  const labels = await drawLabels(work, await readParties(work))
  return work.result({ labels_generated: labels.length })
}

/** The batch's labels by party: the stored ones when they cover all its parties, else drawn and written now. */
export const ensureLabels = async (work: Work): Promise<Map<string, 0 | 1>> => {
  const parties = await readParties(work)
  const stored = await work.readTable(work.paths.labels)
  const labels = (stored ?? []).map((row) => parseLabel(row, work.paths.labels))
  const found = new Map(labels.map((row) => [row.party_id, row.defaulted]))
  if (parties.every((party) => found.has(textAt(party, 'party_id', work.paths.parties)))) return found
  return new Map((await drawLabels(work, parties)).map((row) => [row.party_id, row.defaulted]))
}

const drawLabels = async (work: Work, parties: readonly Row[]): Promise<Label[]> => {
  const drawn = await mapInTurns(parties, partiesPerTurn, (party): Label => {
    const id = textAt(party, 'party_id', work.paths.parties)
    return { party_id: id, defaulted: drawDefault(id) }
  })
  const labels = byParty(drawn)
  work.writeTable(work.paths.labels, labels)
  return labels
}

const drawDefault = (partyId: string): 0 | 1 =>
  seeded('default', partyId).uniform() < defaultProbability(traitsOf(partyId)) ? 1 : 0

/**
 * The truth that models try to find: default follows from latent traits, not from any score, with an interaction that
 * no weighted sum of features can fully express. Steep enough that 20 test rows nearly always show it.
 */
const defaultProbability = ({ strain, discipline, stability }: Traits): number =>
  sigmoid(-1 + 3.5 * strain - 3.2 * discipline - 1.2 * stability + 0.5 * Math.max(0, strain) * Math.max(0, -discipline))

const parseLabel = (row: Row, path: string): Label => {
  const { defaulted } = row
  if (defaulted !== 0 && defaulted !== 1) throw failure(`${path}: column 'defaulted' must hold 0 or 1`)
  return { party_id: textAt(row, 'party_id', path), defaulted }
}
