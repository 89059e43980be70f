import { envelopeOf, isLeaf, type LogName, leafBytes, logOfStream } from '../leaf.ts'
import { leafHash } from '../merkle.ts'
import { hashBytes, tileWidth } from '../tiles.ts'
import type { LedgerLeaf } from './builder.ts'
import type { LogHead, LogReader } from './reader.ts'

/** The first leaf of a log that the ledger no longer has as the tree has it. */
export interface Difference {
  logId: number
  tenant: string
  log: LogName
  index: number
  /** What the leaf was made of; null where the tree has no such leaf. */
  event: string | null
  /** Null where that event is not in its place any more. */
  stream: string | null
  detail: string
}

export interface AuditDeps {
  reader: Pick<LogReader, 'heads' | 'leavesFrom' | 'position' | 'readTile'>
  /** The events of the ledger up to a position, oldest first, as it has them now. */
  past(until: bigint): AsyncIterable<LedgerLeaf>
  found(difference: Difference): void
  /** Lets others go first. */
  rest(ms: number): Promise<void>
}

const workMs = 10
/** It rests so many times as long as it works. */
const restShare = 4

/**
 * Reads the ledger from its beginning to where the trees are, and compares each leaf with the hash that its tree has at
 * level 0: what was changed in place since then shows. Tells the first difference of each log. Returns how many leaves
 * were compared.
 */
export const audit = async ({ reader, past, found, rest }: AuditDeps): Promise<number> => {
  // In this order: the trees have everything up to there.
  const until = reader.position()
  const logs = new Map(reader.heads().map((head) => [`${head.tenant}/${head.log}`, new AuditedLog(head, reader)]))
  let compared = 0
  let workedSince = performance.now()
  for await (const event of past(until)) {
    compared += compare(logs, event, found)
    const worked = performance.now() - workedSince
    if (worked <= workMs) continue
    await rest(worked * restShare)
    workedSince = performance.now()
  }
  for (const log of logs.values()) {
    const missing = log.missing(until)
    if (missing) found(missing)
  }
  return compared
}

const compare = (logs: Map<string, AuditedLog>, event: LedgerLeaf, found: AuditDeps['found']): 0 | 1 => {
  const place = logOfStream(event.stream)
  if (!place || !isLeaf(event)) return 0
  const log = logs.get(`${place.tenant}/${place.log}`)
  if (!log || log.differs) return 0
  const difference = log.next(event)
  if (difference) found(difference)
  return 1
}

class AuditedLog {
  differs = false
  private readonly head: LogHead
  private readonly reader: AuditDeps['reader']
  private index = 0
  private tile: Uint8Array = new Uint8Array()

  constructor(head: LogHead, reader: AuditDeps['reader']) {
    this.head = head
    this.reader = reader
  }

  /** Compares the next leaf. */
  next(event: LedgerLeaf): Difference | null {
    const index = this.index
    if (index < this.head.size && Buffer.compare(this.hashAt(index), hashOf(event, index)) === 0) {
      this.index += 1
      return null
    }
    const [was] = index < this.head.size ? this.reader.leavesFrom(this.head.id, index, 1) : []
    if (was?.event === event.id) return this.difference(was.event, event.stream, 'the event is not as it was sealed')
    const there = `the event ${event.id} of ${event.stream} stands in its place`
    return this.difference(was?.event ?? null, null, was ? there : `${there}, where no leaf was`)
  }

  /** A leaf that the ledger, read to its end, did not come to. */
  missing(until: bigint): Difference | null {
    if (this.differs) return null
    const [was] = this.reader.leavesFrom(this.head.id, this.index, 1)
    return was && was.position <= until ? this.difference(was.event, null, 'the event is missing') : null
  }

  private hashAt(index: number): Uint8Array {
    const [tile, at] = [Math.floor(index / tileWidth), index % tileWidth]
    if (at === 0) {
      const width = Math.min(this.head.size - tile * tileWidth, tileWidth)
      this.tile = this.reader.readTile(this.head.id)({ level: 0, index: tile, width })
    }
    return this.tile.subarray(at * hashBytes, (at + 1) * hashBytes)
  }

  private difference(event: string | null, stream: string | null, detail: string): Difference {
    this.differs = true
    const { id, tenant, log } = this.head
    return { logId: id, tenant, log, index: this.index, event, stream, detail }
  }
}

/** Empty for what cannot be a leaf any more. */
const hashOf = (event: LedgerLeaf, index: number): Uint8Array => {
  try {
    return leafHash(leafBytes(envelopeOf(event, index)))
  } catch {
    return new Uint8Array()
  }
}
