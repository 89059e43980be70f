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
  | { type: 'PartitionReleased'; data: { runId: RunId; commandId: CommandId; holders: readonly Holder[] } }

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

  decide(command, { holders }) {
    if (command.type === 'ReleasePartition') {
      const isMeant = ({ runId, commandId }: Holder) =>
        runId === command.runId && (command.commandId === null || command.commandId === commandId)
      return release(holders, isMeant).events
    }
    const { runId, commandId, at } = command
    if (holders.some((holder) => holder.commandId === commandId)) return []
    const { events, left } = release(holders, (holder) => command.gone.includes(holder.runId))
    if (left.length >= command.limit) {
      const active = left.map((holder) => holder.runId)
      throw new Rejection('RUN_ACTIVE', 'the partition already has an active run', { activeRuns: active })
    }
    const claimed = { runId, commandId, holders: [...left, { runId, commandId, at }] }
    return [...events, { type: 'PartitionClaimed', data: claimed }]
  },

  evolve: (_, { data }) => ({ holders: data.holders }),
}

/** An event for each holder that goes, and the holders that are left. */
const release = (holders: readonly Holder[], goes: (holder: Holder) => boolean) => {
  const events: PartitionEvent[] = []
  let left = holders
  for (const holder of holders.filter(goes)) {
    left = left.filter((other) => other !== holder)
    events.push({
      type: 'PartitionReleased',
      data: { runId: holder.runId, commandId: holder.commandId, holders: left },
    })
  }
  return { events, left }
}
