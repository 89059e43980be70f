import { parseBase64, Refused } from './hash.ts'
import type { TreeHead } from './proof.ts'

export interface Checkpoint extends TreeHead {
  /** Names the log. */
  origin: string
}

/**
 * Reads the text of a checkpoint (https://c2sp.org/tlog-checkpoint). Extension lines are opaque and passed over; sizes
 * of more than 2^53 are not supported.
 */
export const parseCheckpoint = (text: string): Checkpoint => {
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n')
  if (!text.endsWith('\n') || origin === '' || extensions.includes('')) {
    throw new Refused('a checkpoint has an origin, a size and a root, each on a line')
  }
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new Refused(`the size of the checkpoint is not a decimal number below 2^53: ${JSON.stringify(size)}`)
  }
  const hash = parseBase64(root, 'the root of the checkpoint')
  if (hash.length !== 32) throw new Refused(`the root of the checkpoint has ${hash.length} bytes instead of 32`)
  return { origin, size: Number(size), root: hash }
}
