import type { Step } from '../step.ts'
import { ensureFeatures } from './extract.ts'
import { scoreOf } from './scorecard.ts'
import { chosenScorecard } from './scorecards.ts'
import { mapInTurns, rowsPerTurn } from './turns.ts'
import { beginWork } from './work.ts'

/** Stage `score_batch`: a score and a probability of default for every party of the batch. */
export const score: Step = async (context) => {
  const work = beginWork(context)
  const rows = await ensureFeatures(work)
  const card = await chosenScorecard(work)
  const scores = await mapInTurns(rows, rowsPerTurn, (row) => ({
    party_id: row.party_id,
    scorecard_version: card.version,
    ...scoreOf(card, row),
  }))
  work.writeTable(work.paths.scores, scores)
  return work.result({ parties_scored: scores.length })
}
