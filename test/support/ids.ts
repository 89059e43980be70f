import {
  must,
  parseCommandId,
  parsePartitionKey,
  parsePipelineId,
  parseRunId,
  parseSlug,
  parseTenantId,
} from '../../src/domain/ids.ts'

export const tenantOf = (text: string) => must(parseTenantId(text), 'tenant')
export const runOf = (text: string) => must(parseRunId(text), 'run id')
export const slugOf = (text: string) => must(parseSlug(text), 'slug')
export const partitionOf = (text: string) => must(parsePartitionKey(text), 'partition key')

const uuidOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
export const commandIdOf = (number: number) => must(parseCommandId(uuidOf(number)), 'command id')
export const pipelineOf = (number: number) => must(parsePipelineId(uuidOf(number)), 'pipeline id')

export const tenant = tenantOf('acme')
export const otherTenant = tenantOf('other')
