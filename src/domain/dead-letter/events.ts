import type { PartitionKey, PipelineId, RunId, Slug } from '../ids.ts'
import type { Environment } from '../pipeline/environments.ts'

/** What an entry is of: a run that failed for good, rows that a check turned away, a message that nobody took. */
export const deadLetterSources = ['run', 'rows', 'delivery'] as const
export type DeadLetterSource = (typeof deadLetterSources)[number]

/** Where the thing itself is. `path`: of the file with the rows, relative to the tenant's directory. */
export type DeadLetterPayload =
  | { kind: 'run'; runId: RunId }
  | { kind: 'file'; path: string; table: string }
  | { kind: 'delivery'; deliveryId: string }

/** Something that somebody has to look at. A test message of a webhook is of no run, and so of no pipeline. */
export interface DeadLetter {
  entryId: string
  source: DeadLetterSource
  pipelineId: PipelineId | null
  pipeline: Slug | null
  runId: RunId | null
  partition: PartitionKey | null
  environment: Environment | null
  stage: string | null
  /** The error's code; of rows, the check that turned them away. */
  code: string
  /** In words. */
  reason: string
  /** Rows; 1 for a run or a message. */
  count: number
  payload: DeadLetterPayload
}

/** What an entry is of after a retry that came to nothing. */
export type FoundAgain = Pick<DeadLetter, 'code' | 'reason' | 'count' | 'payload'>

/** `reason`: what the retry came to, in words. `found`: what the entry is of now; null where that is what it was. */
export interface ReopenedDeadLetter {
  entryId: string
  by: string
  reason: string
  found: FoundAgain | null
}

/** `by`: the run, or the delivery, with which it was tried again, or that did what was missing. */
export type DeadLetterEvent =
  | { type: 'DeadLetterRecorded'; data: DeadLetter }
  | { type: 'DeadLetterAssigned'; data: { entryId: string; assignee: string | null } }
  | { type: 'DeadLetterRetried'; data: { entryId: string; by: string } }
  | { type: 'DeadLetterReopened'; data: ReopenedDeadLetter }
  | { type: 'DeadLetterResolved'; data: { entryId: string; by: string } }
  | { type: 'DeadLetterDiscarded'; data: { entryId: string } }

/** Which entries one request was about; what became of each is an event of the entry. */
export interface ChosenDeadLetters {
  choiceId: string
  decision: 'retry' | 'discard'
  entryIds: string[]
  /** How many more there were than one request may be about. */
  remaining: number
}

export type DeadLetterChoiceEvent = { type: 'DeadLettersChosen'; data: ChosenDeadLetters }
