import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { invalidArgument } from './errors.ts'
import { BoundedMap } from './store/bounded-map.ts'
import type { StoredEvent } from './store/events.ts'
import { streamOf } from './store/record.ts'
import type { Types } from './store/types.ts'

const rememberedNamesHalf = 5_000
/** The search window of a real node when none is given. */
const defaultWindow = 32

export interface FilterSpec {
  readonly on: 'stream' | 'type'
  readonly matches: (name: string) => boolean
  /** A subscription sends a checkpoint each time it has looked at this many events. */
  readonly checkpointInterval: number
}

type FilterOptions = streamsPb.ReadReq.Options.FilterOptions

export const parseFilter = (options: FilterOptions | undefined, subscribes: boolean): FilterSpec | undefined => {
  if (options === undefined) return undefined
  const expression = options.getStreamIdentifier() ?? options.getEventType()
  if (expression === undefined) throw invalidArgument('A filter needs a stream name or an event type expression.')
  if (!options.hasMax() && !options.hasCount()) throw invalidArgument('A filter needs a window.')
  const multiplier = options.getCheckpointintervalmultiplier()
  if (subscribes && multiplier === 0) throw invalidArgument('The checkpoint interval multiplier must be above 0.')
  const window = options.hasMax() ? options.getMax() : defaultWindow
  return {
    on: options.hasStreamIdentifier() ? 'stream' : 'type',
    matches: matcher(expression.getRegex(), expression.getPrefixList()),
    checkpointInterval: Math.max(1, window * multiplier),
  }
}

/** A regex is searched for, not matched in full; when there is one the prefixes do not count. */
const matcher = (regex: string, prefixes: readonly string[]): ((name: string) => boolean) => {
  if (regex === '') return (name) => prefixes.some((prefix) => name.startsWith(prefix))
  try {
    const pattern = new RegExp(regex)
    return (name) => pattern.test(name)
  } catch {
    throw invalidArgument(`The filter's regular expression is not valid: ${regex}`)
  }
}

/** Streams of a real node's own machinery that `$all` leaves out. */
const isExcluded = (stream: string): boolean =>
  stream === '$epoch-information' || /^\$persistentsubscription-\$all::.*-(checkpoint|parked)$/s.test(stream)

/** Which events of `$all` a caller gets to see. Names are looked at once, then remembered by number. */
export class AllFilter {
  readonly #typeNames: Types
  readonly #spec: FilterSpec | undefined
  readonly #streams = new BoundedMap<number, boolean>(rememberedNamesHalf)
  readonly #types = new BoundedMap<number, boolean>(rememberedNamesHalf)

  constructor(types: Types, spec?: FilterSpec) {
    this.#typeNames = types
    this.#spec = spec
  }

  passes(event: StoredEvent): boolean {
    return this.#passesStream(event) && (this.#spec?.on !== 'type' || this.#passesType(event.type))
  }

  #passesStream({ stream, record }: StoredEvent): boolean {
    const known = this.#streams.get(stream)
    if (known !== undefined) return known
    const name = streamOf(record)
    const passes = !isExcluded(name) && (this.#spec?.on !== 'stream' || this.#spec.matches(name))
    this.#streams.set(stream, passes)
    return passes
  }

  #passesType(type: number): boolean {
    const known = this.#types.get(type)
    if (known !== undefined) return known
    const passes = this.#spec?.matches(this.#typeNames.name(type)) ?? true
    this.#types.set(type, passes)
    return passes
  }
}
