import { type CheckpointRow, listCheckpoints } from '../../../../projections/checkpoints.ts'
import type { LogName } from '../../../app/ports/evidence.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { markUnsealed } from './common.ts'
import { named, ownTenant, read, tenantParameter } from './own-log.ts'
import { checkpointsAnswer, checkpointsQuery } from './schemas.ts'

/** All checkpoints of a log, page by page. */
export const checkpoints = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/checkpoints`,
    summary: `The checkpoints of ${named(log)}, and which witnesses cosigned them`,
    parameters: tenantParameter,
    query: checkpointsQuery,
    answers: { 200: { description: 'a page of checkpoints, newest first', schema: checkpointsAnswer } },
    codes: ['LOG_NOT_FOUND'],
    handle: async (c, { query: { limit, cursor = null } }) => {
      const tenant = ownTenant(c)
      const { reads, views } = services
      await reads.beforeRead(c)
      const rows = listCheckpoints(views, tenant, log, { below: cursor, limit: limit + 1 })
      const page = rows.slice(0, limit)
      markUnsealed(c, services, log)
      return c.json({
        checkpoints: page.map(shown),
        next: page.at(-1)?.size ?? null,
        more: rows.length > limit,
      })
    },
  })

const shown = ({ size, root, note, recorded_at, cosignatures, witnessed }: CheckpointRow) => {
  const lines = cosignatures.split('\n').filter((line) => line !== '')
  return {
    size,
    root,
    signed_at: recorded_at,
    key: signatureOf(note.trimEnd().split('\n').at(-1) ?? '').keyId,
    witnessed: witnessed === 1,
    witnesses: lines.map((line) => signatureOf(line).name),
    note: `${note}${lines.map((line) => `${line}\n`).join('')}`,
  }
}

/** A line of a signed note is `— name base64`, which begins with the four bytes of the key's id. */
const signatureOf = (line: string): { name: string; keyId: string } => {
  const [, name = '', encoded = ''] = line.split(' ')
  return { name, keyId: Buffer.from(encoded, 'base64').subarray(0, 4).toString('hex') }
}
