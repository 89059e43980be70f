import { Rejection } from '../codes.ts'
import type { PartitionKey } from '../ids.ts'
import type { Manifest } from './manifest.ts'

const daily = /^(\d{4})-(\d{2})-(\d{2})$/
const monthly = /^(\d{4})-(\d{2})$/

/** Throws VALIDATION_FAILED, which names the field, where a pipeline's runs are for days or months and the key is none. */
export const assertPartition = ({ orchestration }: Manifest, key: PartitionKey | null, field = 'partition'): void => {
  const type = orchestration.partition?.type
  if (type === 'daily' && !isDay(key ?? '')) throw invalid(field, key, 'a day such as 2001-01-31')
  if (type === 'monthly' && !isMonth(key ?? '')) throw invalid(field, key, 'a month such as 2001-01')
}

const invalid = (field: string, key: PartitionKey | null, wanted: string): Rejection =>
  new Rejection('VALIDATION_FAILED', `${field}: ${key === null ? 'required,' : `'${key}' must be`} ${wanted}`, {
    field,
  })

const isDay = (key: string): boolean => {
  const [, year, month, day] = daily.exec(key) ?? []
  if (!year || !month || !day) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

const isMonth = (key: string): boolean => {
  const [, , month] = monthly.exec(key) ?? []
  return month !== undefined && Number(month) >= 1 && Number(month) <= 12
}
