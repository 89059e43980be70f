import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { CommandId, RunId } from '../ids.ts'

/** A run that holds (a share of) a partition, since when, and by which command. */
export interface Holder {
  runId: RunId
  commandId: CommandId
  at: string
}

/** Each event carries all holders, so that the last event alone decides. */
export type PartitionEvent =
  | { type: 'PartitionClaimed'; data: { runId: RunId; commandId: CommandId; holders: readonly Holder[] } }
  | { type: 'PartitionReleased'; data: { runId: RunId; holders: readonly Holder[] } }

export interface Partition {
  holders: readonly Holder[]
}

export type PartitionCommand =
  | {
      type: 'ClaimPartition'
      runId: RunId
      commandId: CommandId
      at: string
      /** Runs that may hold the partition at a time. */
      limit: number
      /** Holders that are known to have ended, or never to have come about. */
      gone: readonly RunId[]
    }
  /** Releases what the run holds, or only what it holds by one command. */
  | { type: 'ReleasePartition'; runId: RunId; commandId: CommandId | null }

export const partitionDecider: Decider<Partition, PartitionCommand, PartitionEvent> = {
  initial: { holders: [] },

  decide(command, partition) {
    if (command.type === 'ReleasePartition') {
      const released = (holder: Holder) =>
        holder.runId === command.runId && (command.commandId === null || command.commandId === holder.commandId)
      const holders = partition.holders.filter((holder) => !released(holder))
      if (holders.length === partition.holders.length) return []
      return [{ type: 'PartitionReleased', data: { runId: command.runId, holders } }]
    }
    const { runId, commandId, at } = command
    if (partition.holders.some((holder) => holder.commandId === commandId)) return []
    const holders = partition.holders.filter((holder) => !command.gone.includes(holder.runId))
    if (holders.length >= command.limit) {
      const active = holders.map((holder) => holder.runId)
      throw new Rejection('RUN_ACTIVE', 'the partition already has an active run', { activeRuns: active })
    }
    return [{ type: 'PartitionClaimed', data: { runId, commandId, holders: [...holders, { runId, commandId, at }] } }]
  },

  evolve: (_, { data }) => ({ holders: data.holders }),
}
