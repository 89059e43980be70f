import { closeSync, openSync, readSync } from 'node:fs'

export interface Line {
  /** Without the newline. */
  bytes: Uint8Array
  /** False where the file ends without a newline. */
  isWhole: boolean
  isLast: boolean
}

const chunkBytes = 1_048_576
const newline = 10

/** The lines of a file, one at a time in memory. An empty file has none. */
export function* linesOf(path: string): Generator<Line> {
  const file = openSync(path, 'r')
  try {
    let chunk = next(file)
    let begun: Uint8Array[] = []
    while (chunk.length > 0) {
      const end = chunk.indexOf(newline)
      begun.push(end < 0 ? chunk : chunk.subarray(0, end))
      chunk = end < 0 ? next(file) : chunk.subarray(end + 1)
      if (end < 0 && chunk.length > 0) continue
      // Only what follows tells that a line is the last one.
      if (chunk.length === 0 && end >= 0) chunk = next(file)
      const bytes = Buffer.concat(begun)
      begun = []
      yield { bytes, isWhole: end >= 0, isLast: chunk.length === 0 }
    }
  } finally {
    closeSync(file)
  }
}

const next = (file: number): Uint8Array => {
  const chunk = Buffer.alloc(chunkBytes)
  return chunk.subarray(0, readSync(file, chunk))
}
