import { Rejection } from '../codes.ts'
import { must, type PartitionKey, parsePartitionKey } from '../ids.ts'
import type { Manifest } from './manifest.ts'
import { assertPartition } from './partition.ts'

const dayMs = 86_400_000
const countMax = 10_000

/** The days or months from one to another, both included. Throws VALIDATION_FAILED that names the field. */
export const partitionsBetween = (manifest: Manifest, from: PartitionKey, to: PartitionKey): PartitionKey[] => {
  const type = manifest.orchestration.partition?.type
  if (type !== 'daily' && type !== 'monthly') {
    const message = 'from: the runs of this pipeline are not for days or months; name its partitions instead'
    throw new Rejection('VALIDATION_FAILED', message, { field: 'from' })
  }
  assertPartition(manifest, from, 'from')
  assertPartition(manifest, to, 'to')
  if (from > to) throw new Rejection('VALIDATION_FAILED', 'to: must not be before from', { field: 'to' })
  const next = type === 'daily' ? dayAfter : monthAfter
  const keys: PartitionKey[] = []
  for (let key: string = from; key <= to; key = next(key)) {
    keys.push(must(parsePartitionKey(key), 'partition key'))
    if (keys.length > countMax) throw new Rejection('VALIDATION_FAILED', 'to: the range is too long', { field: 'to' })
  }
  return keys
}

const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10)

const monthAfter = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const [nextYear, next] = number === 12 ? [year + 1, 1] : [year, number + 1]
  return `${String(nextYear).padStart(4, '0')}-${String(next).padStart(2, '0')}`
}
