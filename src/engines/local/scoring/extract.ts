import type { Row, Step } from '../step.ts'
import { dayNumber } from './calendar.ts'
import { byParty, hashRows, type PartyFeatures, parseFeatures } from './feature-table.ts'
import { featureNames } from './features.ts'
import { lastDayOf, observe } from './observe.ts'
import { numberParameter } from './parameters.ts'
import { mapInTurns, rowsPerTurn } from './turns.ts'
import { beginWork, failure, type Work } from './work.ts'

/** Stage `extract_features`: sixteen numbers a party over the window before the batch's last day. */
export const features: Step = async (context) => {
  const work = beginWork(context)
  const rows = await extract(work, await readParties(work))
  return work.result({ features_extracted: rows.length * featureNames.length })
}

/** The batch's features for the window asked for: the stored ones when they fit, else computed and written now. */
export const ensureFeatures = async (work: Work): Promise<PartyFeatures[]> => {
  const parties = await readParties(work)
  return (await readFeatures(work, parties)) ?? (await extract(work, parties))
}

/** A batch exists when it has been ingested, whatever else has been computed for it. */
export const readParties = async (work: Work): Promise<Row[]> => {
  const parties = await work.readTable(work.paths.parties)
  if (parties === null || parties.length === 0) throw failure('Batch not found')
  return parties
}

/**
 * Null when there is no file, or it is not what its note says: another window, other parties (the batch was ingested
 * again with another size), or another hash (a crash between the publishing of the two).
 */
const readFeatures = async (work: Work, parties: readonly Row[]): Promise<PartyFeatures[] | null> => {
  const note = await work.readDocument(work.paths.featuresNote)
  if (note === null || typeof note !== 'object' || Array.isArray(note)) return null
  if (note.observation_window_days !== windowDays(work)) return null
  const stored = await work.readTable(work.paths.features)
  if (stored?.length !== parties.length) return null
  const rows = byParty(stored)
  const ids = new Set(parties.map((party) => party.party_id))
  if (note.sha256 !== (await hashRows(rows)) || !rows.every((row) => ids.has(row.party_id ?? null))) return null
  return mapInTurns(rows, rowsPerTurn, (row) => parseFeatures(row, work.paths.features))
}

const extract = async (work: Work, parties: Row[]): Promise<PartyFeatures[]> => {
  const transactions = await work.readTable(work.paths.transactions)
  if (transactions === null) throw failure('Batch not found')
  const partyTable = { path: work.paths.parties, rows: parties }
  const asOf = lastDayOf(partyTable)
  const window = { lastDay: dayNumber(asOf), days: windowDays(work) }
  const rows = await observe(partyTable, { path: work.paths.transactions, rows: transactions }, window)
  work.writeTable(work.paths.features, rows)
  work.writeDocument(work.paths.featuresNote, {
    observation_window_days: window.days,
    as_of: asOf,
    parties: rows.length,
    columns: [...featureNames],
    sha256: await hashRows(rows),
  })
  return rows
}

const windowDays = (work: Work): number => numberParameter(work.context.parameters, 'observation_window_days')
