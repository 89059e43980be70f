import type { ReadDb } from '../../projections/projection.ts'
import { erasedAfter } from '../../projections/subjects.ts'
import type { Log } from '../app/ports/follower.ts'
import { must, parseTenantId } from '../domain/ids.ts'
import { StartError } from '../host/data-dir.ts'
import type { SubjectErasure } from '../http/services.ts'
import type { Follower } from '../ledger/follower.ts'
import { Eraser } from '../processes/eraser.ts'

interface Parts {
  views: ReadDb
  subjectKeys: SubjectErasure
  log: Log
  head(): Promise<bigint>
}

/** Who destroys keys of the erased. `start` is for when the views are current, and before anybody is answered. */
export const composeEraser = ({ views, subjectKeys, log, head }: Parts, follower: Follower) => {
  const eraser = new Eraser({
    erasedAfter: (after, countMax) =>
      erasedAfter(views, after, countMax).map(({ tenant, pseudonym }) => ({
        tenant: must(parseTenantId(tenant), 'tenant'),
        pseudonym,
      })),
    erase: (tenant, pseudonym) => subjectKeys.erase(tenant, pseudonym),
    head,
    log,
  })
  follower.add(eraser)
  return {
    start: async (): Promise<void> => {
      try {
        await eraser.start()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new StartError(`an erasure could not be applied again, so nothing is answered: ${reason}`)
      }
    },
  }
}
