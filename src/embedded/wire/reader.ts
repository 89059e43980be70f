/** Reads protobuf fields from a buffer. Byte fields are views into it, not copies. */
export class ProtoReader {
  readonly #buffer: Buffer
  readonly #end: number
  #at: number
  #wireType = 0

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer
    this.#at = start
    this.#end = end
  }

  /** The next field's number, or 0 at the end. */
  field(): number {
    if (this.#at >= this.#end) return 0
    const tag = this.uint()
    this.#wireType = tag % 8
    return Math.floor(tag / 8)
  }

  /** A varint as a number; exact up to 2^53, which field tags, lengths and counts never pass. */
  uint(): number {
    let value = 0
    let factor = 1
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw new RangeError('a varint is longer than ten bytes')
  }

  /** A varint as an unsigned 64-bit integer. */
  uint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new RangeError('a varint is longer than ten bytes')
  }

  bytes(): Buffer {
    const length = this.uint()
    const start = this.#at
    if (start + length > this.#end) throw new RangeError('a field runs past its message')
    this.#at = start + length
    return this.#buffer.subarray(start, this.#at)
  }

  text(): string {
    const length = this.uint()
    const start = this.#at
    if (start + length > this.#end) throw new RangeError('a field runs past its message')
    this.#at = start + length
    return this.#buffer.toString('utf8', start, this.#at)
  }

  message(): ProtoReader {
    const length = this.uint()
    const start = this.#at
    if (start + length > this.#end) throw new RangeError('a field runs past its message')
    this.#at = start + length
    return new ProtoReader(this.#buffer, start, this.#at)
  }

  /** Passes over the value of a field that the caller does not know. */
  skip(): void {
    if (this.#wireType === 0) this.uint64()
    else if (this.#wireType === 1) this.#at += 8
    else if (this.#wireType === 2) this.bytes()
    else if (this.#wireType === 5) this.#at += 4
    else throw new RangeError(`wire type ${this.#wireType} is not known`)
  }

  #byte(): number {
    const byte = this.#buffer[this.#at]
    if (byte === undefined || this.#at >= this.#end) throw new RangeError('a message ends within a field')
    this.#at++
    return byte
  }
}
