import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { allViews } from '../../projections/index.ts'
import type { View } from '../../projections/projection.ts'

/** A view's name and version, and the digest of its tables as they are written down. */
const fingerprint = ({ name, version, schema }: View): string => {
  const columns = schema.map((sql) => sql.replaceAll(/\s+/g, ' ').trim()).join(';')
  return `${name} ${version} ${createHash('sha256').update(columns).digest('hex').slice(0, 16)}`
}

/**
 * A view whose tables change gets a new version: where the old tables are kept, they would be written with columns that
 * they do not have. Change the line here together with the version, never alone.
 */
test('a view has other tables only in another version', () => {
  expect(allViews.map(fingerprint)).toEqual([
    'run-status 4 f88464c59f6707d5',
    'pipelines 2 ab7ca564a50c5b2c',
    'access 1 428935c74c804ebd',
    'webhooks 2 0f527c98fd7a8536',
    'sink-schemas 1 04d60c11a5540333',
    'subjects 1 2d6c764a65f102aa',
    'event-history 3 09cdce392901aca9',
    'checkpoints 2 fb775dcc5f93109c',
    'approvals 2 d4fde290567486c4',
    'backfills 1 c26dc16171c239cb',
    'delegations 1 4690acbb40760f61',
    'contracts 1 2cc09ccaa71b7541',
    'lineage 2 3f5069ac0727cc1e',
    'dead-letters 1 8e4c9379802e094e',
    'alerts 2 ebf5e047010fb390',
  ])
})

test('a view has its version in the names of its tables, and no two views share one', () => {
  for (const { tables, version } of allViews) {
    for (const table of tables) expect(table).toMatch(new RegExp(`_v${version}$`))
  }
  const all = allViews.flatMap(({ tables }) => tables)
  expect(new Set(all).size).toBe(all.length)
})
