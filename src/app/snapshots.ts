import type { DomainEvent } from '../domain/events.ts'
import type { CommandId, StreamName } from '../domain/ids.ts'
import type { Aggregate } from './aggregates.ts'
import type { Ledger, LedgerEvent } from './ports/ledger.ts'

/** A stream folded up to `revision` (-1: no events), and which command appended which of its events. */
export interface Snapshot<State> {
  state: State
  revision: bigint
  /** Position of the last folded event; -1 when there is none. */
  position: bigint
  commands: ReadonlyMap<CommandId, { first: bigint; bodyHash: string }>
}

export const emptySnapshot = <State>(initial: State): Snapshot<State> => ({
  state: initial,
  revision: -1n,
  position: -1n,
  commands: new Map(),
})

/** Folds what follows. Throws when a revision is missing: the stream would have been read with a gap. */
export const foldEvents = <State, Command extends { type: string }, Event extends DomainEvent>(
  aggregate: Aggregate<State, Command, Event>,
  snapshot: Snapshot<State>,
  events: readonly LedgerEvent[],
): Snapshot<State> => {
  let { state, revision, position } = snapshot
  const commands = new Map(aggregate.fold === 'last' ? [] : snapshot.commands)
  for (const stored of events) {
    if (aggregate.fold === 'all' && stored.revision !== revision + 1n) {
      throw new Error(`stream ${stored.stream} has revision ${stored.revision} after ${revision}`)
    }
    revision = stored.revision
    position = stored.position
    const { commandId, bodyHash } = stored.metadata
    if (!commands.has(commandId)) commands.set(commandId, { first: revision, bodyHash })
    if (stored.event && isOwn(aggregate, stored.event)) state = aggregate.decider.evolve(state, stored.event)
  }
  return { state, revision, position, commands }
}

const isOwn = <State, Command extends { type: string }, Event extends DomainEvent>(
  aggregate: Aggregate<State, Command, Event>,
  event: DomainEvent,
): event is Event => event.type in aggregate.types

/** Reads what the ledger holds after the snapshot and folds it. */
export const advance = async <State, Command extends { type: string }, Event extends DomainEvent>(
  ledger: Ledger,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  snapshot: Snapshot<State>,
): Promise<Snapshot<State>> => {
  if (aggregate.fold === 'all') {
    return foldEvents(aggregate, snapshot, await ledger.read(stream, snapshot.revision + 1n))
  }
  const last = await ledger.readLast(stream)
  return last && last.revision > snapshot.revision ? foldEvents(aggregate, snapshot, [last]) : snapshot
}

/** The least recently used are dropped beyond `entriesMax`. */
export class SnapshotCache {
  private readonly entries = new Map<StreamName, unknown>()
  private readonly entriesMax: number

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax
  }

  /** A stream's category fixes the type of its state, so what was put in under a name is what comes out. */
  get<State>(stream: StreamName): Snapshot<State> | undefined {
    const snapshot = this.entries.get(stream)
    if (snapshot !== undefined) {
      this.entries.delete(stream)
      this.entries.set(stream, snapshot)
    }
    return snapshot as Snapshot<State> | undefined
  }

  set<State>(stream: StreamName, snapshot: Snapshot<State>): void {
    this.entries.delete(stream)
    this.entries.set(stream, snapshot)
    if (this.entries.size <= this.entriesMax) return
    const [oldest] = this.entries.keys()
    if (oldest !== undefined) this.entries.delete(oldest)
  }

  delete(stream: StreamName): void {
    this.entries.delete(stream)
  }
}
