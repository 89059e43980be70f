import type { DeadLetterWork, DueDeadLetters } from '../../app/ports/dead-letters.ts'
import type { LedgerEvent } from '../../app/ports/ledger.ts'
import { DueWork } from '../due-work.ts'
import { component, type DeadLetterDeps } from './deps.ts'
import { deadLettersOfDelivery } from './of-delivery.ts'
import { deadLettersOfRun } from './of-run.ts'

/**
 * Keeps the dead-letter queue: records what came to nothing, says of an entry that it is tried again when somebody did
 * so by other means, opens it again when that failed, and resolves it when what it is of was made good.
 */
export const deadLetterKeeper = (deps: DeadLetterDeps): DueWork<DueDeadLetters> =>
  new DueWork(
    {
      name: component,
      wokenBy: [
        'RunRequested',
        'RunFailed',
        'RunCanceled',
        'RunRejected',
        'RunSucceeded',
        'DeliveryExhausted',
        'DeliveryResent',
        'DeliveryAttempted',
        'DeadLetterRecorded',
        'DeadLetterReopened',
        'DeadLetterRetried',
      ],
      due: () => deps.work.due(),
      dueAfter: (events) => events.flatMap((event) => dueAfter(event, deps.work)),
      keyOf: ({ tenant, subject }) => JSON.stringify([tenant, subject.kind, subject.id]),
      act: (due) =>
        due.subject.kind === 'run'
          ? deadLettersOfRun(deps, due.tenant, due.subject.id, due.cause)
          : deadLettersOfDelivery(deps, due.tenant, due.subject.id, due.cause),
    },
    deps,
  )

const dueAfter = ({ id, event, metadata }: LedgerEvent, work: DeadLetterWork): DueDeadLetters[] => {
  const { tenant, correlationId } = metadata
  const ifItConcerns = (subject: DueDeadLetters['subject']): DueDeadLetters[] =>
    work.concerns(tenant, subject) ? [{ tenant, subject, cause: { correlationId, causationId: id } }] : []
  switch (event?.type) {
    case 'RunRequested':
    case 'RunFailed':
    case 'RunCanceled':
    case 'RunRejected':
    case 'RunSucceeded':
      if (event.type === 'RunRequested' && !event.data.replayOf) return []
      return ifItConcerns({ kind: 'run', id: event.data.runId })
    case 'DeliveryExhausted':
    case 'DeliveryResent':
      return ifItConcerns({ kind: 'delivery', id: event.data.deliveryId })
    case 'DeliveryAttempted':
      return event.data.outcome === 'delivered' ? ifItConcerns({ kind: 'delivery', id: event.data.deliveryId }) : []
    case 'DeadLetterRecorded':
    case 'DeadLetterReopened':
    case 'DeadLetterRetried':
      // Meanwhile it may have been tried again, with success or without.
      return work.dueOf(tenant, event.data.entryId)
    default:
      return []
  }
}
