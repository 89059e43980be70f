import type { Step } from '../step.ts'
import { numberParameter } from './parameters.ts'
import { makeParty } from './parties.ts'
import { simulateAccount, type Transaction } from './transactions.ts'
import { mapInTurns, partiesPerTurn } from './turns.ts'
import { beginWork } from './work.ts'

/** Stage `ingest_synthetic_batch`: parties and their transactions, the same bytes whenever a batch id is ingested. */
export const ingest: Step = async (context) => {
  const work = beginWork(context)
  const numbers = Array.from({ length: numberParameter(context.parameters, 'parties') }, (_, index) => index + 1)
  const transactions: Transaction[] = []
  const parties = await mapInTurns(numbers, partiesPerTurn, (number) => {
    const { party, traits } = makeParty(context.batch, number)
    transactions.push(...simulateAccount(party, traits))
    return party
  })
  work.writeTable(work.paths.parties, parties)
  work.writeTable(work.paths.transactions, transactions)
  return work.result({ parties_created: parties.length })
}
