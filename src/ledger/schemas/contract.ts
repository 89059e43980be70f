import { z } from 'zod'
import { compatibilities } from '../../domain/contract/events.ts'
import { approvalNeeded } from './approval.ts'
import { contractName, count, jsonObject } from './common.ts'

const change = z.object({
  name: contractName,
  number: count,
  version: z.string(),
  schema: jsonObject,
  schemaHash: z.string().regex(/^[0-9a-f]{64}$/),
  compatibility: z.enum(compatibilities),
})

export const contractSchemas = {
  ContractChangeRequested: change.extend({ approval: approvalNeeded }),
  ContractChangeRefused: change.extend({ approvalId: z.string(), reason: z.string() }),
  ContractRegistered: change.extend({ approvalId: z.string().exactOptional() }),
}
