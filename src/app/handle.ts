import { Rejection } from '../domain/codes.ts'
import type { DomainEvent } from '../domain/events.ts'
import { type StreamName, streamName, type TenantId } from '../domain/ids.ts'
import type { Aggregate } from './aggregates.ts'
import { type CommandContext, metadataFactory } from './context.ts'
import { uuidv5 } from './ids.ts'
import { KeyedMutex } from './mutex.ts'
import { type Ledger, type LedgerEvent, LedgerUnavailable, type NewEvent, WrongRevision } from './ports/ledger.ts'
import { advance, emptySnapshot, foldEvents, type Snapshot, SnapshotCache } from './snapshots.ts'
import { orUnavailable, unavailable } from './unavailable.ts'

export interface Handled<State> {
  /** State after the command. */
  state: State
  /** The events that the ledger holds for the command, in order; empty when there was nothing to do. */
  events: readonly LedgerEvent[]
  /** Whether this call appended them; false when the command had happened before, or changed nothing. */
  appended: boolean
  /** Position of the last of them, or of the stream's last event; -1 for an empty stream. */
  position: bigint
}

export interface HandleOptions {
  /** The stream most likely does not exist: do not look for it, the append will tell if it does after all. */
  fresh?: boolean
}

const conflictsMax = 5
const appendTriesMax = 4
const appendRetryDelayMs = 100
const cacheEntriesMax = 20_000

/** The only place that appends (DESIGN.md section 4, handle). */
export class CommandHandler {
  private readonly ledger: Ledger
  private readonly cache = new SnapshotCache(cacheEntriesMax)
  private readonly mutex = new KeyedMutex()

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** Loads, decides and appends. Throws a Rejection, with code LEDGER_UNAVAILABLE when nothing could be appended. */
  handle<State, Command extends { type: string }, Event extends DomainEvent>(
    aggregate: Aggregate<State, Command, Event>,
    id: string,
    command: Command,
    context: CommandContext,
    options: HandleOptions = {},
  ): Promise<Handled<State>> {
    const stream = streamName(aggregate.category, context.tenant, id)
    return this.mutex.run(stream, () => this.decideAndAppend(aggregate, stream, command, context, options))
  }

  /** The aggregate's state as the ledger holds it now. */
  async load<State, Command extends { type: string }, Event extends DomainEvent>(
    aggregate: Aggregate<State, Command, Event>,
    tenant: TenantId,
    id: string,
  ): Promise<Snapshot<State>> {
    const stream = streamName(aggregate.category, tenant, id)
    const cached = this.cache.get<State>(stream) ?? emptySnapshot(aggregate.decider.initial)
    const snapshot = await orUnavailable(() => advance(this.ledger, aggregate, stream, cached))
    if (snapshot.revision >= 0n) this.cache.set(stream, snapshot)
    return snapshot
  }

  /** As `load`, but content with what this process has seen of the stream, if anything. */
  async loadCached<State, Command extends { type: string }, Event extends DomainEvent>(
    aggregate: Aggregate<State, Command, Event>,
    tenant: TenantId,
    id: string,
  ): Promise<Snapshot<State>> {
    const stream = streamName(aggregate.category, tenant, id)
    return this.cache.get<State>(stream) ?? this.load(aggregate, tenant, id)
  }

  /** What the ledger holds of a command that has happened; undefined when it has not. */
  async happened<State, Command extends { type: string }, Event extends DomainEvent>(
    aggregate: Aggregate<State, Command, Event>,
    id: string,
    context: CommandContext,
  ): Promise<Handled<State> | undefined> {
    const stream = streamName(aggregate.category, context.tenant, id)
    const snapshot = await this.load(aggregate, context.tenant, id)
    const earlier = snapshot.commands.get(context.commandId)
    return earlier && this.answerAgain(stream, snapshot, earlier, context)
  }

  private async decideAndAppend<State, Command extends { type: string }, Event extends DomainEvent>(
    aggregate: Aggregate<State, Command, Event>,
    stream: StreamName,
    command: Command,
    context: CommandContext,
    { fresh = false }: HandleOptions,
  ): Promise<Handled<State>> {
    const metadata = metadataFactory(command, context)
    const catchUp = (from: Snapshot<State>) => orUnavailable(() => advance(this.ledger, aggregate, stream, from))
    const cached = this.cache.get<State>(stream)
    const empty = emptySnapshot(aggregate.decider.initial)
    let snapshot = cached ?? (fresh ? empty : await catchUp(empty))
    let tailSeen = !cached && !fresh
    let actual: bigint | null = null

    for (let conflicts = 0; conflicts < conflictsMax; ) {
      const earlier = snapshot.commands.get(context.commandId)
      if (earlier) return this.answerAgain(stream, snapshot, earlier, context)

      const decision = decideOrReject(aggregate, command, snapshot.state)
      const decided = decision instanceof Rejection ? [] : decision
      if (decided.length > 0) {
        const events = decided.map((event, index) => ({
          id: uuidv5(context.commandId, index),
          event,
          metadata: metadata(index),
        }))
        if (snapshot.revision < 0n) await orUnavailable(() => this.limit(stream, aggregate))
        const appended = await this.append(stream, snapshot.revision, events, context.bodyHash !== undefined)
        if (!(appended instanceof WrongRevision)) {
          if (appended[0]?.metadata.bodyHash !== events[0]?.metadata.bodyHash) throw reusedKey()
          const after = foldEvents(aggregate, snapshot, appended)
          this.cache.set(stream, after)
          // Another process may have said the same keyed command first: then the events are its own.
          const isOurs = appended[0]?.metadata.salt === events[0]?.metadata.salt
          return { state: after.state, events: appended, appended: isOurs, position: after.position }
        }
        conflicts += 1
        actual = appended.actual
      } else if (tailSeen) {
        if (snapshot.revision >= 0n) this.cache.set(stream, snapshot)
        if (decision instanceof Rejection) throw decision
        return { state: snapshot.state, events: [], appended: false, position: snapshot.position }
      }
      snapshot = await catchUp(snapshot)
      // All that such a stream had has expired; it goes on where it was.
      if (aggregate.keepSeconds && snapshot.revision < 0n && actual !== null) snapshot = { ...empty, revision: actual }
      tailSeen = true
    }
    throw new Rejection('CONFLICT', 'too many commands on the same thing at the same time; try again')
  }

  /** What a new stream keeps is said before its first event. */
  private async limit(
    stream: StreamName,
    { keepLast, keepSeconds }: { keepLast?: number; keepSeconds?: number },
  ): Promise<void> {
    if (keepLast) await this.ledger.keepLast(stream, keepLast)
    if (keepSeconds) await this.ledger.keepFor(stream, keepSeconds)
  }

  /** The command has happened: what the ledger holds of it is the answer. */
  private async answerAgain<State>(
    stream: StreamName,
    snapshot: Snapshot<State>,
    earlier: { first: bigint; bodyHash: string },
    context: CommandContext,
  ): Promise<Handled<State>> {
    if (context.bodyHash !== undefined && context.bodyHash !== earlier.bodyHash) {
      throw reusedKey()
    }
    const stored = await orUnavailable(() => this.ledger.read(stream, earlier.first))
    const events = stored.filter(({ metadata }) => metadata.commandId === context.commandId)
    return { state: snapshot.state, events, appended: false, position: events.at(-1)?.position ?? snapshot.position }
  }

  /**
   * WrongRevision on a conflict. Repeats the same bytes while the outcome is unknown; the ledger knows their ids. Another
   * process may have said the same command by its key (`keyed`) just before: the ledger then takes this append for a
   * repetition, and what it holds is the truth.
   */
  private async append(
    stream: StreamName,
    expected: bigint,
    events: NewEvent[],
    keyed: boolean,
  ): Promise<LedgerEvent[] | WrongRevision> {
    for (let tries = 1; ; tries += 1) {
      try {
        const { revision, position } = await this.ledger.append(stream, expected, events)
        if (keyed) return (await this.ledger.read(stream, expected + 1n)).slice(0, events.length)
        const last = events.length - 1
        return events.map(({ id, event, metadata }, index) => ({
          id,
          stream,
          revision: revision - BigInt(last - index),
          position,
          type: event.type,
          event,
          metadata,
          recordedAt: metadata.occurredAt,
        }))
      } catch (error) {
        if (error instanceof WrongRevision) return error
        if (!(error instanceof LedgerUnavailable)) throw error
        this.cache.delete(stream)
        if (tries === appendTriesMax) throw unavailable()
        await new Promise((resolve) => setTimeout(resolve, appendRetryDelayMs * 4 ** (tries - 1)))
      }
    }
  }
}

const decideOrReject = <State, Command extends { type: string }, Event extends DomainEvent>(
  aggregate: Aggregate<State, Command, Event>,
  command: Command,
  state: State,
): Event[] | Rejection => {
  try {
    return aggregate.decider.decide(command, state)
  } catch (error) {
    if (error instanceof Rejection) return error
    throw error
  }
}

const reusedKey = () =>
  new Rejection('IDEMPOTENCY_KEY_REUSED', 'the Idempotency-Key was used before with another request body')
