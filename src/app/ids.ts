import { createHash, randomFillSync } from 'node:crypto'
import { type CommandId, must, type PipelineId, parseCommandId, parsePipelineId, type TenantId } from '../domain/ids.ts'

/** Namespace of all of Ledgerline's UUIDv5 names; chosen once at random, frozen for ever. */
const namespace = Buffer.from('6f0c2a34d5b94f0e9a717c1be0a52d18', 'hex')

const format = (bytes: Buffer, version: number): string => {
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | (version << 4), 6)
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** RFC 9562 UUIDv5 over the parts, each with its length, so that no two lists of parts are one name. */
export const uuidv5 = (...parts: (string | number)[]): string => {
  const hash = createHash('sha1').update(namespace)
  for (const part of parts) {
    const text = String(part)
    hash.update(`${text.length}:${text}`)
  }
  return format(hash.digest().subarray(0, 16), 5)
}

const pool = Buffer.alloc(8_192)
let poolUsed = pool.length

/** `count` random bytes. Drawn from the system many at a time, for a call for a few costs as much as one for many. */
export const drawBytes = (count: number): Buffer => {
  if (poolUsed + count > pool.length) {
    randomFillSync(pool)
    poolUsed = 0
  }
  const drawn = Buffer.from(pool.subarray(poolUsed, poolUsed + count))
  pool.fill(0, poolUsed, poolUsed + count)
  poolUsed += count
  return drawn
}

/** RFC 9562 UUIDv7: sorts by time. */
export const uuidv7 = (nowMs: number): string => {
  const bytes = drawBytes(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  return format(bytes, 7)
}

export const pipelineIdOf = (tenant: TenantId, slug: string): PipelineId =>
  must(parsePipelineId(uuidv5('pipeline', tenant, slug)), 'pipeline id')

export const derivedCommandId = (...parts: (string | number)[]): CommandId =>
  must(parseCommandId(uuidv5('command', ...parts)), 'command id')

export const freshCommandId = (nowMs: number): CommandId => must(parseCommandId(uuidv7(nowMs)), 'command id')
