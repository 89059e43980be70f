import { scorecardVersionParameter } from './parameters.ts'
import { parseScorecard, type Scorecard } from './scorecard.ts'
import { scorecardV1 } from './scorecard-v1.ts'
import { failure, type Work } from './work.ts'

/** A version becomes a file name, so it has the letters of one; anything else cannot exist. */
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/** The scorecard that the parameter names. The built-in v1 is written down when it is first used. */
export const chosenScorecard = async (work: Work): Promise<Scorecard> => {
  const version = scorecardVersionParameter(work.context.parameters)
  if (!versionPattern.test(version)) throw failure(`Scorecard '${version}' not found`)
  const path = scorecardPath(version)
  const stored = await work.readDocument(path)
  if (stored !== null) {
    const card = parseScorecard(stored, `Scorecard '${version}'`)
    if (card.version === version) return card
    throw failure(`Scorecard '${version}': the document calls itself '${card.version}'`)
  }
  if (version !== scorecardV1.version) throw failure(`Scorecard '${version}' not found`)
  work.writeDocument(path, scorecardV1)
  return scorecardV1
}

export const scorecardPath = (version: string): string => `scoring/scorecards/${version}.json`

/** A version for a new scorecard: the stem, or `<stem>_2`, `_3` and so on; the first that no other run has taken. */
export const reserveVersion = async ({ context }: Work, stem: string): Promise<string> => {
  for (let number = 1; ; number += 1) {
    const version = number === 1 ? stem : `${stem}_${number}`
    if (await context.reserve(scorecardPath(version))) return version
  }
}
