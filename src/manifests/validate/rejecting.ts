import type { Finding } from '../../app/ports/validation.ts'
import { isRejecting, type Manifest, type RowCheck } from '../../domain/pipeline/manifest.ts'

/**
 * Tables that a check reads though it must not: it takes rows out of its own table before anyone reads that, and so
 * before a later one is there.
 */
export const rejectingFindings = (
  check: RowCheck,
  path: string,
  tables: readonly string[],
  manifest: Manifest,
): Finding[] => {
  const order = orderOf(check.on, manifest)
  return tables.flatMap((table): Finding[] => {
    const finding = (message: string): Finding[] => [{ path, rule: 'cycle', severity: 'error', message }]
    if (same(table, check.on)) return []
    if (orderOf(table, manifest) > order)
      return finding(`'${table}' comes after '${check.on}', out of which this check takes rows`)
    const isTaken = manifest.quality_checks.filter(isRejecting).some(({ on }) => same(on, table))
    return order === 0 && isTaken
      ? finding(`rows are taken out of the source '${table}' too, so no check that rejects may read it from another`)
      : []
  })
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** 0 for a source; transformations follow in their order. */
const orderOf = (table: string, { transformations }: Manifest): number =>
  transformations.findIndex(({ name }) => same(name, table)) + 1
