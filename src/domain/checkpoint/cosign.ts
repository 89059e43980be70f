import type { Decider } from '../decider.ts'
import type { TreeHead } from './decide.ts'

/** The last checkpoint of a log that witnesses cosigned. `cosignatures`: signature lines, without their newlines. */
export interface Cosigned extends TreeHead {
  cosignatures: readonly string[]
  /** Whether they are as many as were asked for when it was recorded. */
  witnessed: boolean
}

/** In a stream of its own, so that checkpoints can be signed meanwhile. The last event alone decides. */
export type CosignatureEvent = {
  type: 'CheckpointCosigned'
  data: TreeHead & { log: 'commands' | 'access'; cosignatures: string[]; witnessed: boolean }
}

export interface RecordCosignatures extends TreeHead {
  type: 'RecordCosignatures'
  log: 'commands' | 'access'
  /** One line of each witness. */
  cosignatures: readonly string[]
  /** How many witnesses make a checkpoint witnessed. */
  quorum: number
}

/** `— name base64`: whose line it is. A witness that cosigns twice counts once, with its first line. */
const witnessOf = (line: string): string => line.split(' ')[1] ?? line

export const cosignatureDecider: Decider<Cosigned | null, RecordCosignatures, CosignatureEvent> = {
  initial: null,

  decide({ log, size, root, cosignatures, quorum }, last) {
    // What witnesses say of an older tree is of no use by now.
    if (last && last.size > size) return []
    const before = last?.size === size && last.root === root ? last : null
    const byWitness = new Map<string, string>()
    for (const line of [...(before?.cosignatures ?? []), ...cosignatures]) {
      const witness = witnessOf(line)
      if (!byWitness.has(witness)) byWitness.set(witness, line)
    }
    if (byWitness.size === (before?.cosignatures.length ?? 0)) return []
    const witnessed = byWitness.size >= quorum
    return [{ type: 'CheckpointCosigned', data: { log, size, root, cosignatures: [...byWitness.values()], witnessed } }]
  },

  evolve: (_, { data: { size, root, cosignatures, witnessed } }) => ({ size, root, cosignatures, witnessed }),
}
