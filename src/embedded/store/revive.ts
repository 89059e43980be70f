import { randomUUID } from 'node:crypto'
import { isMetastream, metastreamOf, originalOf, withTruncateBefore } from './metadata.ts'
import type { ProposedEvent } from './record.ts'
import type { Append, Transaction } from './transaction.ts'

/**
 * The `$metadata` event that follows a write to a soft-deleted stream, or to its metastream, and makes the stream
 * exist again: its events up to now stay hidden. Asked before the write; undefined when nothing is to be revived.
 */
export const revive = (
  transaction: Transaction,
  append: Append,
): { stream: string; event: ProposedEvent } | undefined => {
  const stream = isMetastream(append.stream) ? originalOf(append.stream) : append.stream
  if (!transaction.metadataOf(stream).softDeleted) return undefined
  const metastream = metastreamOf(stream)
  const written = stream === append.stream ? undefined : append.events.at(-1)
  const metadata = written === undefined ? transaction.newestData(metastream) : jsonOf(written)
  const data = metadata && withTruncateBefore(metadata, (transaction.head(stream)?.last ?? -1) + 1)
  if (data === undefined) return undefined
  return {
    stream: metastream,
    event: { id: randomUUID(), type: '$metadata', isJson: true, data, metadata: Buffer.alloc(0) },
  }
}

const jsonOf = (event: ProposedEvent): Uint8Array | undefined => (event.isJson ? event.data : undefined)
