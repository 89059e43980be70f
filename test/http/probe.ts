import { z } from 'zod'
import type { Dialect } from '../../src/http/dialect.ts'
import { agentError, agentErrorAnswer } from '../../src/http/dialects/agent/errors.ts'
import { etlError, etlErrorAnswer } from '../../src/http/dialects/etl/errors.ts'
import { batchCodes, nativeError, problem } from '../../src/http/errors.ts'
import { operation } from '../../src/http/operation.ts'

const answer = z.strictObject({ id: z.string(), tenant: z.string(), actor: z.string() })

const look = operation({
  method: 'get',
  path: '/{id}',
  summary: 'Look at a thing',
  action: 'ReadRuns',
  kind: 'query',
  parameters: { id: 'any word' },
  answers: { 200: { description: 'the thing', schema: answer } },
  codes: [],
  handle: async (c) => {
    const { tenant, actor } = c.get('principal')
    return c.json({ id: c.get('params').id, tenant, actor: actor.pseudonym })
  },
})

const touch = operation({
  method: 'post',
  path: '/{id}:touch',
  summary: 'Touch a thing',
  action: 'RequestRun',
  kind: 'command',
  parameters: { id: 'any word' },
  body: z.strictObject({ how: z.string() }),
  answers: { 200: { description: 'the thing', schema: z.strictObject({ id: z.string(), how: z.string() }) } },
  codes: [],
  handle: async (c, { body: { how } }) => c.json({ id: c.get('params').id, how }),
})

const common = { operations: [look, touch], statusOf: (code: keyof typeof batchCodes) => batchCodes[code][0] }

/** One route of each kind, as the dialects still to come authenticate, limit and shape their errors. */
export const probeDialects = (): Dialect[] => [
  {
    ...common,
    name: 'etl',
    prefix: '/probe/etl',
    scheme: 'bearer',
    limits: 'plan',
    shape: etlError,
    errorSchema: etlErrorAnswer,
    errorType: 'application/json',
  },
  {
    ...common,
    name: 'service',
    prefix: '/probe/service',
    scheme: 'bearer-and-tenant',
    limits: 'generous',
    shape: nativeError,
    errorSchema: problem,
    errorType: 'application/problem+json',
  },
  {
    ...common,
    name: 'agent',
    prefix: '/probe/agent',
    scheme: 'api-key',
    limits: 'generous',
    shape: agentError,
    errorSchema: agentErrorAnswer,
    errorType: 'application/json',
  },
  {
    ...common,
    name: 'governance',
    prefix: '/probe/governance',
    scheme: 'bearer',
    limits: 'generous',
    shape: nativeError,
    errorSchema: problem,
    errorType: 'application/problem+json',
  },
]
