import { deadLetters } from '../../../../projections/webhook-messages.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { shownDeadLetter } from './translate-webhooks.ts'
import { read } from './webhook-common.ts'
import { deadLetterList, deadLetterQuery } from './webhook-schemas.ts'

/** `/api/pipeline/webhooks/dead-letters`: what no receiver took. */
export const deadLetterOperation = ({ views, reads }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/webhooks/dead-letters',
    summary: 'Messages that were given up, the last one first, with the reason and every attempt',
    parameters: {},
    query: deadLetterQuery,
    answers: { 200: { description: 'a page of messages of all webhooks', schema: deadLetterList } },
    codes: [],
    handle: async (c, { query: { webhook_id, pipeline, limit, page } }) => {
      await reads.beforeRead(c)
      const filter = {
        ...(webhook_id === undefined ? {} : { webhookId: webhook_id }),
        ...(pipeline === undefined ? {} : { pipeline }),
      }
      const { tenant } = c.get('principal')
      const { rows, total } = deadLetters(views, tenant, filter, { limit, offset: (page - 1) * limit })
      return c.json({ dead_letters: rows.map((row) => shownDeadLetter(views, row)), total, page, per_page: limit })
    },
  })
