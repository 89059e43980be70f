import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'

/** How far a log is sealed. `root`: 64 hex digits. */
export interface TreeHead {
  size: number
  root: string
}

/** `note`: the signed note (C2SP tlog-checkpoint) of the tree. */
export interface Checkpoint extends TreeHead {
  note: string
}

/** The last event alone decides. */
export type CheckpointEvent = {
  type: 'CheckpointSigned'
  data: Checkpoint & { log: 'commands' | 'access' }
}

/** `extends`: the checkpoint that the tree was checked to extend; null when there was none. */
export interface SignCheckpoint extends Checkpoint {
  type: 'SignCheckpoint'
  log: 'commands' | 'access'
  extends: TreeHead | null
}

/** With many sealers there is one chain: each checkpoint extends the one before it. */
export const checkpointDecider: Decider<Checkpoint | null, SignCheckpoint, CheckpointEvent> = {
  initial: null,

  decide({ log, size, root, note, extends: before }, last) {
    if (last && last.size === size && last.root === root) return []
    if (last?.size !== before?.size || last?.root !== before?.root) {
      throw new Rejection('CHECKPOINT_MOVED', `the log has a checkpoint of ${last?.size ?? 0} leaves by now`)
    }
    if (size <= (last?.size ?? 0)) throw new Rejection('CHECKPOINT_MOVED', `the log is sealed up to leaf ${last?.size}`)
    return [{ type: 'CheckpointSigned', data: { log, size, root, note } }]
  },

  evolve: (_, { data: { size, root, note } }) => ({ size, root, note }),
}
