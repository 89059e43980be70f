import { z } from 'zod'
import {
  parseCommandId,
  parseContractName,
  parsePartitionKey,
  parsePipelineId,
  parseRunId,
  parseSlug,
  parseTenantId,
} from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'
import { isSealed } from '../../domain/sealed.ts'

const id = <T extends string>(parse: (text: string) => T | undefined, what: string) =>
  z.string().transform((text, context): T => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `not a valid ${what}` })
    return z.NEVER
  })

export const tenantId = id(parseTenantId, 'tenant')
export const slug = id(parseSlug, 'pipeline slug')
export const pipelineId = id(parsePipelineId, 'pipeline id')
export const runId = id(parseRunId, 'run id')
export const partitionKey = id(parsePartitionKey, 'partition key')
export const contractName = id(parseContractName, 'contract name')
export const commandId = id(parseCommandId, 'command id')

export const count = z.number().int().nonnegative()

export const requirement = z.object({ role: z.string(), count })

export const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'not a JSON object',
)

/** A personal or secret value, which only its key opens. */
export const sealed = z.string().refine(isSealed, 'not sealed')
