import { expect, test } from 'vitest'
import type { StagedFile } from '../../src/domain/run/events.ts'
import { reconcileReplay } from '../../src/domain/run/reconciliation.ts'
import { noRun, type Run } from '../../src/domain/run/state.ts'
import { runOf } from '../support/ids.ts'
import { fileOf, requestOf } from '../support/run-events.ts'

const [runId, replayed] = [runOf('run-2'), runOf('run-1')]

const made = (...files: StagedFile[]): Run['completed'] => ({ checks: { rows: 1, files } })

const reconciled = (before: StagedFile, after: StagedFile) => {
  const requested = requestOf({ runId, replayOf: { runId: replayed, contract: null } })
  const run: Run = { ...noRun, status: 'succeeded', requested, completed: made(after) }
  return reconcileReplay({ type: 'ReconcileReplay', runId, original: made(before) }, run)
}

test('files whose paths hold the ids of their runs are compared', () => {
  const [before, after] = [fileOf('rejected/p/run-1/c.ndjson'), fileOf('rejected/p/run-2/c.ndjson')]
  expect(reconciled(before, after)).toMatchObject([{ data: { isSame: true } }])
  expect(reconciled({ ...before, sha256: 'cd'.repeat(32) }, after)).toMatchObject([
    { data: { isSame: false, files: [{ sha256Before: 'cd'.repeat(32) }] } },
  ])
})

test('a file that the original had not made has no counterpart', () => {
  expect(reconciled(fileOf('a'), fileOf('b'))).toMatchObject([
    { data: { isSame: false, files: [{ target: 'b', sha256Before: null }] } },
  ])
})
