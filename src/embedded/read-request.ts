import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { invalidArgument } from './errors.ts'
import { type FilterSpec, parseFilter } from './filter.ts'

type Options = streamsPb.ReadReq.Options

/** `number`: from this revision or position, as the kind of read understands it. */
type From = number | 'start' | 'end'

interface Common {
  readonly from: From
  readonly resolveLinks: boolean
  /** Ids as two 64-bit halves instead of text. */
  readonly structuredIds: boolean
}

export type ReadRequest = Common &
  (
    | {
        readonly kind: 'stream'
        readonly stream: string
        readonly backwards: boolean
        readonly count: number
      }
    | { readonly kind: 'all'; readonly backwards: boolean; readonly count: number; readonly filter?: FilterSpec }
    | { readonly kind: 'subscribe-stream'; readonly stream: string }
    | { readonly kind: 'subscribe-all'; readonly filter?: FilterSpec }
  )

/** Unsigned 64-bit text as a number: whatever is past 2^53 is past every revision, position and count we have. */
const clamped = (value: string): number => Math.min(Number(value), Number.MAX_SAFE_INTEGER)

export const parseRead = (request: streamsPb.ReadReq): ReadRequest => {
  const options = request.getOptions()
  if (options === undefined) throw invalidArgument('A read needs options.')
  const uuid = options.getUuidOption()
  if (uuid === undefined || !(uuid.hasStructured() || uuid.hasString())) {
    throw invalidArgument('A read needs a UUID option.')
  }
  const common = { resolveLinks: options.getResolveLinks(), structuredIds: uuid.hasStructured() }
  const backwards = options.getReadDirection() === 1
  const subscribes = options.hasSubscription()
  if (subscribes === options.hasCount()) throw invalidArgument('A read needs a count, or to be a subscription.')
  if (subscribes && backwards) throw invalidArgument('A subscription cannot run backwards.')
  if (options.hasFilter() === options.hasNoFilter()) throw invalidArgument('A read needs a filter option.')
  const count = clamped(options.getCount())
  if (options.hasStream()) {
    if (options.hasFilter()) throw invalidArgument('A stream cannot be read through a filter.')
    const { stream, from } = parseStream(options)
    if (subscribes) return { kind: 'subscribe-stream', stream, from, ...common }
    return { kind: 'stream', stream, from, backwards, count, ...common }
  }
  if (!options.hasAll()) throw invalidArgument('A read needs a stream, or $all.')
  const filter = parseFilter(options.getFilter(), subscribes)
  const all = { from: parseAllFrom(options), ...common, ...(filter === undefined ? {} : { filter }) }
  return subscribes ? { kind: 'subscribe-all', ...all } : { kind: 'all', backwards, count, ...all }
}

const parseStream = (options: Options): { stream: string; from: From } => {
  const from = options.getStream()
  const name = from?.getStreamIdentifier()?.getStreamName_asU8()
  if (from === undefined || name === undefined || name.length === 0) throw invalidArgument('A read needs a stream.')
  const stream = Buffer.from(name).toString('utf8')
  if (from.hasRevision()) return { stream, from: clamped(from.getRevision()) }
  if (from.hasStart()) return { stream, from: 'start' }
  if (from.hasEnd()) return { stream, from: 'end' }
  throw invalidArgument('A read needs a place to start from.')
}

const parseAllFrom = (options: Options): From => {
  const from = options.getAll()
  const position = from?.getPosition()
  if (position !== undefined) return clamped(position.getCommitPosition())
  if (from?.hasStart()) return 'start'
  if (from?.hasEnd()) return 'end'
  throw invalidArgument('A read needs a place to start from.')
}
