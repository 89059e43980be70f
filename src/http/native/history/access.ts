import { type CallRow, listCalls } from '../../../../projections/access.ts'
import { noLongerThan } from '../../../app/no-longer-than.ts'
import type { TenantId } from '../../../domain/ids.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { type Opener, openerFor } from './personal.ts'
import { accessAnswer, accessQuery } from './schemas.ts'

const waitMaxMs = 2_000

/** `/history/access`: who called what. */
export const accessOperation = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/access',
    summary: 'Calls of the API: who asked for what, when, from where, and what came of it',
    action: 'ReadAccess',
    kind: 'query',
    recordedFirst: true,
    parameters: {},
    query: accessQuery,
    personal: ['actor'],
    answers: { 200: { description: 'a page of calls, newest first', schema: accessAnswer } },
    codes: [],
    handle: async (c, { query: { actor, from, to, outcome, limit, page } }) => {
      const { reads, views } = services
      const { tenant } = c.get('principal')
      await ownCallsSeen(services, tenant)
      await reads.beforeRead(c)
      const opener = openerFor(c, services)
      const filter = {
        ...(actor === undefined ? {} : { actors: await opener.pseudonymsOf(actor) }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      }
      const { rows, total } = listCalls(views, tenant, filter, { limit, offset: (page - 1) * limit })
      const calls = await Promise.all(rows.map((row) => shownCall(row, opener)))
      return c.json({ calls, total, page, per_page: limit })
    },
  })

/** What this process has answered before is listed, unless the ledger or the views are slow. */
const ownCallsSeen = ({ calls, reads }: Services, tenant: TenantId): Promise<void> =>
  noLongerThan(
    waitMaxMs,
    calls.durable(tenant).then((position) => reads.reached(position)),
  )

const shownCall = async ({ tenant: _, id: __, ...row }: CallRow, opener: Opener) => ({
  ...row,
  person: row.actor === null ? null : await opener.person(row.actor),
  erased: row.actor !== null && opener.isErased(row.actor),
  on_behalf_of_person: row.on_behalf_of === null ? null : await opener.person(row.on_behalf_of),
  on_behalf_of_erased: row.on_behalf_of !== null && opener.isErased(row.on_behalf_of),
  resource: JSON.parse(row.resource) as unknown,
  query: JSON.parse(row.query) as unknown,
  origin: await opener.origin(row.origin),
})
