/** `bigint`: exactly this revision. */
export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint

/** What a decision may ask about the stream that is written to. */
export interface StreamFacts {
  /** The newest revision ever written, -1 when there is none. */
  readonly last: number
  readonly softDeleted: boolean
  hasMetadata(): boolean
  /** The newest revision that carries an event id. */
  revisionOf(id: string): number | undefined
  /** The event id at a revision, truncated or not. */
  idAt(revision: number): string | undefined
}

/** `repeat`: these very events are stored already; `revision` is the last of them. */
export type Decision =
  | { readonly kind: 'write' }
  | { readonly kind: 'repeat'; readonly revision: number }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'deleted' }

const write: Decision = { kind: 'write' }
const wrong: Decision = { kind: 'wrong' }

/** Whether events with these ids may be written, in the order of decisions of EventStoreDB 24.10. */
export const decide = (expected: Expected, ids: readonly string[], stream: StreamFacts): Decision => {
  if (expected === 'stream_exists') {
    if (stream.softDeleted) return { kind: 'deleted' }
    if (stream.last === -1 && !stream.hasMetadata()) return wrong
  }
  if (expected === 'any' || expected === 'stream_exists') return decideByIds(ids, stream)
  const revision = expected === 'no_stream' ? -1 : Number(expected)
  if (revision > stream.last) return wrong
  if (revision === stream.last) return write
  return decideByStoredEvents(revision, ids, stream, expected === 'no_stream')
}

const decideByIds = (ids: readonly string[], stream: StreamFacts): Decision => {
  let found: number | undefined
  for (const [index, id] of ids.entries()) {
    const revision = stream.revisionOf(id)
    if (revision === undefined) return index === 0 ? write : wrong
    found = revision
  }
  return found === undefined ? write : { kind: 'repeat', revision: found }
}

const decideByStoredEvents = (
  revision: number,
  ids: readonly string[],
  stream: StreamFacts,
  creating: boolean,
): Decision => {
  const differs = ids.findIndex((id, index) => stream.idAt(revision + 1 + index) !== id)
  if (differs === 0) return creating && stream.softDeleted ? write : wrong
  if (differs > 0 || ids.length === 0) return wrong
  return { kind: 'repeat', revision: revision + ids.length }
}
