import { z } from 'zod'
import { logLevels } from '../../domain/run-log/events.ts'
import { count, runId } from './common.ts'

const text = z.string()

const line = z.object({
  at: text,
  level: z.enum(logLevels),
  stage: text.nullable(),
  code: text.nullable(),
  message: text,
  fields: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])).exactOptional(),
})

export const runLogSchemas = {
  RunLogged: z.object({ runId, attempt: count, before: count, lines: z.array(line), isEnd: z.boolean() }),
}
