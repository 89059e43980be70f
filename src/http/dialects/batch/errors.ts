import type { Details, Rejection } from '../../../domain/codes.ts'
import { batchCodes, type HttpError } from '../../errors.ts'
import { prefixedRunId } from '../../run-ids.ts'

/** `{status: "error", error: {code, message, details?}}`, as the document has it. */
export const batchError = (rejection: Rejection): HttpError => {
  const [status, code] = batchCodes[rejection.code]
  const details = shownDetails(rejection.details)
  const message = messageOf(rejection)
  const error = Object.keys(details).length > 0 ? { code, message, details } : { code, message }
  return { status, body: { status: 'error', error } }
}

const messageOf = ({ code, message, details }: Rejection): string => {
  const run = `Pipeline run '${prefixedRunId(String(details.runId))}'`
  switch (code) {
    case 'RUN_NOT_FOUND':
      return `${run} not found`
    case 'RUN_NOT_ACTIVE':
      return `${run} is not active: it has ended`
    case 'RUN_COMMITTED':
      return `${run} has committed its outputs and can no longer be canceled`
    case 'RUN_EXISTS':
      return `${run} exists already`
    case 'CLAIM_LOST':
      return `${run} lost its claim of the partition to another run; ask again`
    default:
      return message
  }
}

/** Run ids as this dialect shows them; what the message says already is not repeated. */
const shownDetails = ({ runId: _, status: __, activeRuns, ...others }: Details): Details =>
  Array.isArray(activeRuns) ? { ...others, active_runs: activeRuns.map(prefixedRunId) } : others
