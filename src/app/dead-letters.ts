import type { TenantId } from '../domain/ids.ts'
import { type CommandContext, subcommand } from './context.ts'
import { uuidv5 } from './ids.ts'
import type { RetryAsked } from './ports/dead-letters.ts'
import type { LedgerEvent } from './ports/ledger.ts'

/** Of a run its id, of rows also their file; of a delivery its id and how often it was attempted until then. */
export const entryIdOf = (tenant: TenantId, ...of: (string | number)[]): string => uuidv5('dead-letter', tenant, ...of)

/** The command by which an entry is said to be tried again, of the one that asked for the run or the message. */
export const retryCommandOf = (asked: CommandContext, entryId: string): CommandContext =>
  subcommand(asked, `dead-letter.${entryId}`)

/**
 * The same from what the ledger has of that one: in the name of whoever asked, and one command, whoever comes to say it.
 */
export const retryContext = ({ eventId, occurredAt: at, ...who }: RetryAsked, entryId: string): CommandContext => ({
  ...retryCommandOf({ ...who, at }, entryId),
  causationId: eventId,
})

export const askedBy = ({ id, metadata }: Pick<LedgerEvent, 'id' | 'metadata'>): RetryAsked => {
  const { salt: _, schema: __, command: ___, ...asked } = metadata
  return { ...asked, eventId: id }
}
