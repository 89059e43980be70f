import type { TenantId } from '../domain/ids.ts'
import type { Due } from '../domain/run/events.ts'
import type { Cause } from './context.ts'
import type { Job } from './ports/bus.ts'

/** An attempt of a run has one job, whoever publishes it: its id is what doubles are known by. */
export const jobOf = (tenant: TenantId, { runId, engine, attempt }: Due, cause: Cause): Job => ({
  id: `${runId}.${attempt}`,
  engine,
  tenant,
  runId,
  attempt,
  ...cause,
})
