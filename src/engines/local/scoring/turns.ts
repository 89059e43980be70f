import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Maps item by item and lets the event loop have its turn after each `perTurn` of them, so that the service which the
 * step runs in keeps answering. Choose it for some milliseconds of work; results are in the order of the items.
 */
export const mapInTurns = async <T, R>(items: readonly T[], perTurn: number, map: (item: T) => R): Promise<R[]> => {
  const results: R[] = []
  for (let start = 0; start < items.length; start += perTurn) {
    for (const item of items.slice(start, start + perTurn)) results.push(map(item))
    await nextTurn()
  }
  return results
}

/** Where an item is a whole account, or a hash and some draws. */
export const partiesPerTurn = 100
/** Where an item is a row to look at. */
export const rowsPerTurn = 10_000
