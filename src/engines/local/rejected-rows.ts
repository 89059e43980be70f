import { createReadStream } from 'node:fs'
import { StageError } from '../../app/ports/engine.ts'
import type { RejectedRowsReader, RowsRead } from '../../app/ports/rejected-rows.ts'
import type { JsonObject } from '../../domain/json.ts'
import { isMissing } from './errors.ts'
import { insideTenant, tenantRoot } from './workspace.ts'

const lineBytesMax = 65_536
const answerBytesMax = 1_048_576
const newline = 0x0a

/** Reads the rows that checks have turned away, where this machine has the tenants' directories. */
export const rejectedRowsReader = (tenantsDir: string): RejectedRowsReader => ({
  read: async (tenant, path, offset, limit) => {
    try {
      const file = await insideTenant(await tenantRoot(tenantsDir, tenant), path)
      return await readRows(file, offset, limit)
    } catch (error) {
      if (isMissing(error) || error instanceof StageError) return null
      throw error
    }
  },
})

const readRows = async (file: string, offset: number, limit: number): Promise<RowsRead> => {
  const read: RowsRead = { rows: [], leftOut: 0, next: null }
  let number = -1
  let bytes = 0
  for await (const line of linesOf(file)) {
    number += 1
    if (number < offset) continue
    bytes += line?.length ?? 0
    if (read.rows.length + read.leftOut === limit || bytes > answerBytesMax) return { ...read, next: number }
    const row = line && objectIn(line.toString('utf8'))
    if (row) read.rows.push(row)
    else read.leftOut += 1
  }
  return read
}

/** Line by line; null for one that is too long, of which no more is held than that. */
async function* linesOf(file: string): AsyncGenerator<Buffer | null> {
  let parts: Buffer[] = []
  let bytes = 0
  const line = (): Buffer | null => (bytes > lineBytesMax ? null : Buffer.concat(parts))
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end))
      yield line()
      parts = []
      bytes = 0
      start = end + 1
    }
    take(chunk.subarray(start))
  }
  if (bytes > 0) yield line()

  function take(part: Buffer): void {
    bytes += part.length
    if (bytes > lineBytesMax) parts = []
    else parts.push(part)
  }
}

const objectIn = (text: string): JsonObject | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
