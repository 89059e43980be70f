import type { Context } from 'hono'
import { lastKnownMs, positionAt } from '../../../../projections/event-queries.ts'
import { LedgerUnavailable } from '../../../app/ports/ledger.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'
import { instant } from './schemas.ts'

/** A sealed position; a date is shorter, and a time has colons. */
const positionLike = /^[\w-]{22}$/

/**
 * Up to which position is answered: where the views are, or where the ledger stood at `asOf`, a time or a sealed position.
 * Throws VALIDATION_FAILED for what is neither, and VIEWS_BEHIND as long as the views do not know yet.
 */
export const standingAt = async (
  c: Context<Env>,
  asOf: string | undefined,
  services: Pick<Services, 'reads' | 'views' | 'live' | 'nowMs'>,
): Promise<number> => {
  const { reads, views } = services
  await reads.beforeRead(c)
  if (asOf === undefined) return Number(reads.current())
  if (positionLike.test(asOf)) {
    const position = reads.positions.open(asOf, 'as_of')
    await reach(c, position, services)
    return Number(position)
  }
  const parsed = instant.safeParse(asOf)
  if (!parsed.success) {
    const message = 'as_of: must be a date, an ISO 8601 time or a Ledger-Position'
    throw new Rejection('VALIDATION_FAILED', message, { field: 'as_of' })
  }
  const ms = Date.parse(parsed.data)
  if (ms > services.nowMs()) {
    throw new Rejection('VALIDATION_FAILED', 'as_of: must not be in the future', { field: 'as_of' })
  }
  // What came after that time settles it; otherwise something may still be on its way to the views.
  if (lastKnownMs(views) <= ms) await reach(c, await headOf(c, services), services)
  return positionAt(views, ms)
}

const headOf = async (c: Context<Env>, { live }: Pick<Services, 'live'>): Promise<bigint> => {
  try {
    return await live.feed.head()
  } catch (error) {
    if (!(error instanceof LedgerUnavailable)) throw error
    c.header('Retry-After', '5')
    throw new Rejection('LEDGER_UNAVAILABLE', 'the ledger does not answer; ask again')
  }
}

const reach = async (c: Context<Env>, position: bigint, { reads }: Pick<Services, 'reads'>): Promise<void> => {
  if (await reads.reached(position)) return
  c.header('Retry-After', '1')
  throw new Rejection('VIEWS_BEHIND', 'the views have not reached the position asked for; ask again')
}
