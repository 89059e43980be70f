import { closeSync, openSync, readSync, statSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
const magicLittleEndian = 0x377f0682
const magicBigEndian = 0x377f0683

export interface WalContent {
  /** Pages of the database after the last commit in the log; undefined when it holds none. */
  readonly pageCount: number | undefined
  readonly pages: ReadonlySet<number>
  /** What is wrong with the log, as the end of a sentence. */
  readonly damage: string | undefined
}

const empty: WalContent = { pageCount: undefined, pages: new Set(), damage: undefined }

/**
 * Reads a write-ahead log as SQLite's recovery would (https://www.sqlite.org/fileformat2.html#walformat), and tells a
 * torn end, which a crash leaves, from damage in the middle, where recovery would silently drop what follows.
 */
export const inspectWal = (file: string): WalContent => {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size <= headerBytes) return empty
  const descriptor = openSync(file, 'r')
  try {
    const header = Buffer.alloc(headerBytes)
    readSync(descriptor, header, 0, headerBytes, 0)
    const log = readHeader(header)
    if (log === undefined) return { ...empty, damage: 'the header of its write-ahead log is not valid' }
    return readFrames(descriptor, size, log)
  } finally {
    closeSync(descriptor)
  }
}

interface Log {
  readonly pageSize: number
  readonly salts: Buffer
  readonly littleEndian: boolean
  readonly sums: Sums
}

type Sums = readonly [number, number]

const readHeader = (header: Buffer): Log | undefined => {
  const magic = header.readUInt32BE(0)
  if (magic !== magicLittleEndian && magic !== magicBigEndian) return undefined
  const littleEndian = magic === magicLittleEndian
  const sums = addSums([0, 0], header.subarray(0, 24), littleEndian)
  if (!equalSums(sums, header, 24)) return undefined
  return { pageSize: header.readUInt32BE(8), salts: header.subarray(16, 24), littleEndian, sums }
}

const readFrames = (descriptor: number, size: number, log: Log): WalContent => {
  const frame = Buffer.alloc(frameHeaderBytes + log.pageSize)
  const count = Math.floor((size - headerBytes) / frame.length)
  const pages = new Set<number>()
  let uncommitted: number[] = []
  let pageCount: number | undefined
  let sums = log.sums
  for (let index = 0; index < count; index++) {
    readSync(descriptor, frame, 0, frame.length, headerBytes + index * frame.length)
    sums = addSums(sums, frame.subarray(0, 8), log.littleEndian)
    sums = addSums(sums, frame.subarray(frameHeaderBytes), log.littleEndian)
    if (!frame.subarray(8, 16).equals(log.salts) || !equalSums(sums, frame, 16)) {
      const lost = hasCommitBeforeMore(descriptor, index, count, log)
      return { pageCount, pages, damage: lost ? `frame ${index + 1} of its write-ahead log is not valid` : undefined }
    }
    uncommitted.push(frame.readUInt32BE(0))
    const commitSize = frame.readUInt32BE(4)
    if (commitSize === 0) continue
    for (const page of uncommitted) pages.add(page)
    uncommitted = []
    pageCount = commitSize
  }
  return { pageCount, pages, damage: undefined }
}

/**
 * A commit is on disk before the next one begins, so a crash tears only the last transaction. Frames of the same log
 * after a later commit mean that what is lost here was once acknowledged.
 */
const hasCommitBeforeMore = (descriptor: number, from: number, count: number, log: Log): boolean => {
  const header = Buffer.alloc(frameHeaderBytes)
  let committed = false
  for (let index = from; index < count; index++) {
    readSync(descriptor, header, 0, header.length, headerBytes + index * (frameHeaderBytes + log.pageSize))
    if (!header.subarray(8, 16).equals(log.salts)) continue
    if (committed) return true
    committed = header.readUInt32BE(4) !== 0
  }
  return false
}

const addSums = ([first, second]: Sums, bytes: Buffer, littleEndian: boolean): Sums => {
  let [a, b] = [first, second]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + view.getUint32(at, littleEndian) + b) >>> 0
    b = (b + view.getUint32(at + 4, littleEndian) + a) >>> 0
  }
  return [a, b]
}

const equalSums = ([first, second]: Sums, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second
