import type { Checkpoint } from './verifier/checkpoint.ts'

export { type Checkpoint, parseCheckpoint } from './verifier/checkpoint.ts'

/** The text of a checkpoint, to be signed as a note. It never has extension lines. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
