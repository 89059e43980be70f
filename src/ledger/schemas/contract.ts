import { z } from 'zod'
import { compatibilities } from '../../domain/contract/events.ts'
import { contractName, count, jsonObject } from './common.ts'

export const contractSchemas = {
  ContractRegistered: z.object({
    name: contractName,
    number: count,
    version: z.string(),
    schema: jsonObject,
    schemaHash: z.string().regex(/^[0-9a-f]{64}$/),
    compatibility: z.enum(compatibilities),
  }),
}
