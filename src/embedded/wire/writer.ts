const initialBytes = 16 * 1024
/** A writer that once held a large message does not keep its memory. */
const keptBytes = 1024 * 1024

/**
 * Writes protobuf from the last field to the first: a length is then known by the time its prefix is
 * written, so nested messages need neither a first pass nor a copy each.
 */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #at = initialBytes

  /** Marks where a message to be wrapped by `wrap` ends. */
  mark(): number {
    return this.#buffer.length - this.#at
  }

  /** Turns everything written since `mark` into the embedded message `field`. */
  wrap(field: number, mark: number): void {
    this.#varint(this.mark() - mark)
    this.#varint(field * 8 + 2)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#buffer.set(bytes, this.#at)
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.raw(bytes)
    this.#varint(bytes.length)
    this.#varint(field * 8 + 2)
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.#at -= length
    this.#buffer.write(text, this.#at, length, 'utf8')
    this.#varint(length)
    this.#varint(field * 8 + 2)
  }

  uint(field: number, value: number): void {
    this.#varint(value)
    this.#varint(field * 8)
  }

  uint64(field: number, value: bigint): void {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, value)
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    this.raw(Uint8Array.from(bytes))
    this.#varint(field * 8)
  }

  empty(field: number): void {
    this.#varint(0)
    this.#varint(field * 8 + 2)
  }

  /** The message as a buffer of its own; the writer is ready for the next one. */
  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.#buffer.length - this.#at)
    message.set(this.#buffer.subarray(this.#at))
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
    this.#at = this.#buffer.length
    return message
  }

  /** A number below 2^53. */
  #varint(value: number): void {
    this.#reserve(10)
    let length = 1
    for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++
    this.#at -= length
    let at = this.#at
    let rest = value
    while (rest > 127) {
      this.#buffer[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at] = rest
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return
    const used = this.#buffer.length - this.#at
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + bytes + initialBytes))
    grown.set(this.#buffer.subarray(this.#at), grown.length - used)
    this.#buffer = grown
    this.#at = grown.length - used
  }
}
