// The files of a tiled log: https://c2sp.org/tlog-tiles

export const tileHeight = 8
export const tileWidth = 2 ** tileHeight
export const hashBytes = 32
/** An entry's length is written in 16 bits. */
export const entryBytesMax = 2 ** 16 - 1

/** Up to 256 hashes of complete subtrees of 256^level leaves each, or as many log entries. */
export interface Tile {
  level: number | 'entries'
  index: number
  /** From 1 to 256; less than 256 is a partial tile. */
  width: number
}

/** `tile/<L>/<N>[.p/<W>]`, with 1234067 as `x001/x234/067`. */
export const tilePath = ({ level, index, width }: Tile): string => {
  const groups =
    String(index)
      .padStart(Math.ceil(String(index).length / 3) * 3, '0')
      .match(/\d{3}/g) ?? []
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${path}${width < tileWidth ? `.p/${width}` : ''}`
}

const pathPattern = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** Undefined for what is not the one path of a tile. */
export const parseTilePath = (path: string): Tile | undefined => {
  const [, level, digits, width] = pathPattern.exec(path) ?? []
  if (level === undefined || digits === undefined) return undefined
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(digits.replace(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  }
  const isTile = (tile.level === 'entries' || tile.level < 64) && tilePath(tile) === path
  return isTile ? tile : undefined
}

/** How wide a tile is in a tree of `size` leaves; 0 when the tree does not reach it. */
export const widthOf = (size: number, level: number | 'entries', index: number): number => {
  const hashes = Math.floor(size / tileWidth ** (level === 'entries' ? 0 : level))
  return Math.min(Math.max(hashes - index * tileWidth, 0), tileWidth)
}

/** What an entry bundle holds: each leaf after its length in 16 bits. */
export const entryBundle = (leaves: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(
    leaves.flatMap((leaf) => {
      if (leaf.length > entryBytesMax)
        throw new RangeError(`an entry of ${leaf.length} bytes, at most ${entryBytesMax}`)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(leaf.length)
      return [length, leaf]
    }),
  )
