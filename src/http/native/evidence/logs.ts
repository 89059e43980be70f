import { z } from 'zod'
import type { LogName } from '../../../app/ports/evidence.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { checkpoints } from './checkpoints.ts'
import { markUnsealed, whenSealed } from './common.ts'
import { named, noLog, ownTenant, read, tenantParameter } from './own-log.ts'
import { consistencyAnswer, consistencyQuery, inclusionAnswer, inclusionQuery } from './schemas.ts'

const logs: readonly (readonly [log: LogName, prefix: string])[] = [
  ['commands', '/{tenant}'],
  ['access', '/{tenant}/access'],
]
const foreverSeconds = 31_536_000

/** `/ledger/{tenant}`: the tenant's logs as C2SP tlog-tiles serves them, and proofs in them. */
export const ledgerDialect = (services: Services): Dialect => ({
  name: 'ledger',
  prefix: '/ledger',
  scheme: 'bearer',
  limits: 'generous',
  operations: logs.flatMap(([log, prefix]) => [
    checkpoint(services, log, prefix),
    checkpoints(services, log, prefix),
    keys(services, log, prefix),
    tile(services, log, prefix),
    inclusion(services, log, prefix),
    consistency(services, log, prefix),
  ]),
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})

const checkpoint = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/checkpoint`,
    summary: `The newest checkpoint of ${named(log)}`,
    parameters: tenantParameter,
    answers: { 200: { description: 'a signed note: C2SP tlog-checkpoint', schema: z.string(), type: 'text/plain' } },
    codes: ['LOG_NOT_FOUND'],
    handle: async (c) => {
      const tenant = ownTenant(c)
      const newest = await whenSealed(c, log, services.evidence.newest(tenant, log))
      if (!newest) throw noLog(tenant)
      markUnsealed(c, services, log)
      return c.text(newest.note)
    },
  })

const keys = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/key`,
    summary: `The verifier keys of ${named(log)}`,
    parameters: tenantParameter,
    answers: {
      200: {
        description: 'name+id+base64 (C2SP signed-note), newest first, one per line',
        schema: z.string(),
        type: 'text/plain',
      },
    },
    codes: ['LOG_NOT_FOUND'],
    handle: async (c) =>
      c.text(
        services.evidence
          .keys(ownTenant(c), log)
          .map((vkey) => `${vkey}\n`)
          .join(''),
      ),
  })

const tile = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/tile/{path}`,
    summary: `A tile of ${named(log)}: C2SP tlog-tiles`,
    parameters: {
      ...tenantParameter,
      path: '`<L>/<N>`, `<L>/<N>.p/<W>`, `entries/<N>` or `entries/<N>.p/<W>`; its slashes may be escaped or not',
    },
    answers: {
      200: { description: 'hashes, or entries', schema: z.string(), type: 'application/octet-stream' },
    },
    codes: ['LOG_NOT_FOUND', 'TILE_NOT_FOUND'],
    handle: async (c) => {
      const { path = '' } = c.get('params')
      const tenant = ownTenant(c)
      const found = await whenSealed(c, log, services.evidence.tile(tenant, log, `tile/${path}`))
      if (!found) throw new Rejection('TILE_NOT_FOUND', 'the log has no such tile')
      markUnsealed(c, services, log)
      const shared = services.publicLedgers.includes(tenant) ? 'public' : 'private'
      if (found.isFull) c.header('Cache-Control', `${shared}, max-age=${foreverSeconds}, immutable`)
      return c.body(new Uint8Array(found.bytes), 200, { 'Content-Type': 'application/octet-stream' })
    },
  })

const inclusion = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/proof/inclusion`,
    summary: `That an event is a leaf of ${named(log)}`,
    parameters: tenantParameter,
    query: inclusionQuery,
    answers: { 200: { description: 'the leaf and its inclusion proof (RFC 9162)', schema: inclusionAnswer } },
    codes: ['LOG_NOT_FOUND', 'EVENT_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c, { query: { event, size = null } }) => {
      const proof = await whenSealed(c, log, services.evidence.inclusion(ownTenant(c), log, event, size))
      if (!proof) throw new Rejection('EVENT_NOT_FOUND', `the log has no event '${event}'`)
      markUnsealed(c, services, log)
      return c.json(proof)
    },
  })

const consistency = (services: Services, log: LogName, prefix: string): Operation =>
  operation({
    ...read,
    path: `${prefix}/proof/consistency`,
    summary: `That ${named(log)} has grown from an earlier tree`,
    parameters: tenantParameter,
    query: consistencyQuery,
    answers: { 200: { description: 'the consistency proof (RFC 9162)', schema: consistencyAnswer } },
    codes: ['LOG_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c, { query: { from, to = null } }) => {
      const tenant = ownTenant(c)
      const proof = await whenSealed(c, log, services.evidence.consistency(tenant, log, from, to))
      if (!proof) throw noLog(tenant)
      markUnsealed(c, services, log)
      return c.json(proof)
    },
  })
