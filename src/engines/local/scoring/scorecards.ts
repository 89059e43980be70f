import { isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../../../domain/json.ts'
import { scorecardVersionParameter } from './parameters.ts'
import { parseScorecard, type Scorecard } from './scorecard.ts'
import { scorecardV1 } from './scorecard-v1.ts'
import { failure, scorecardFolder, type Work } from './work.ts'

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

export const scorecardPath = (version: string): string => `${scorecardFolder}/${version}.json`

/**
 * A name for a new scorecard: the stem, or `<stem>_2`, `_3` and so on when the day has one already. A card with the
 * same contents keeps the name that it has: that is this very run, tried again after it had staged or published.
 */
export const nameScorecard = async (
  work: Work,
  stem: string,
  cardNamed: (version: string) => Scorecard,
): Promise<string> => {
  const pattern = new RegExp(`^${stem}(?:_([1-9][0-9]*))?\\.json$`)
  let last = 0
  for (const file of await work.context.list(scorecardFolder)) {
    const match = pattern.exec(file)
    if (match === null) continue
    last = Math.max(last, Number(match[1] ?? 1))
    const version = file.slice(0, -'.json'.length)
    // Not a source of the new card, so it is not read through `work`, which would make it one in the lineage.
    const stored = await work.context.readDocument(scorecardPath(version))
    if (isDeepStrictEqual(stored, asStored(cardNamed(version)))) return version
  }
  return last === 0 ? stem : `${stem}_${last + 1}`
}

/** As JSON brings it back: -0 becomes 0 on the way. */
const asStored = (card: Scorecard): JsonValue => JSON.parse(JSON.stringify(card))
