import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runById, stagesOfRun } from '../../projections/run-queries.ts'
import { hasEnded } from '../../src/domain/run/state.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { tenantOf } from '../support/ids.ts'
import { runId } from '../support/run-events.ts'
import { lives } from '../support/run-sequences.ts'
import { openViews } from '../support/views.ts'

test('whatever is asked of a run, its row says what its events fold to', async () => {
  const { apply, reader } = openViews()
  let position = 0n
  let tenants = 0
  await fc.assert(
    fc.asyncProperty(lives, async ({ events, run }) => {
      tenants += 1
      const tenant = tenantOf(`t${tenants}`)
      const stored = ledgerEvents(events, { from: position, metadata: metadataOf({ tenant }) })
      position += BigInt(events.length) * 10n
      if (stored.length > 0) await apply(...stored)
      const row = runById(reader, tenant, runId)
      expect(row === undefined).toBe(run.requested === null)
      if (!row) return
      expect(row).toMatchObject({
        status: run.status,
        attempt: run.attempt,
        failures: run.failures,
        retry_due_at: hasEnded(run) ? null : run.retryDueAt,
        error: run.status === 'failed' ? run.error?.message : null,
      })
      const stages = stagesOfRun(reader, tenant, runId)
      const those = (status: string) => stages.flatMap((stage) => (stage.status === status ? [stage.stage] : []))
      expect(those('succeeded').sort()).toEqual(Object.keys(run.completed).sort())
      expect(those('running')).toEqual(run.currentStage === null ? [] : [run.currentStage])
    }),
    { numRuns: 200 },
  )
})
