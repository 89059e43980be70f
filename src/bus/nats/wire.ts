import type { Control, Job } from '../../app/ports/bus.ts'
import { parseRunId, parseTenantId } from '../../domain/ids.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const controlKinds = ['cancel', 'pause', 'resume'] as const

export const encode = (message: Job | Control): string => JSON.stringify(message)

/** Anyone may publish on a server; what is not a job of ours is undefined. */
export const parseJob = (data: Uint8Array): Job | undefined => {
  const fields = fieldsOf(data)
  const tenant = parseTenantId(textOf(fields.tenant))
  const runId = parseRunId(textOf(fields.runId))
  const [id, engine] = [textOf(fields.id), textOf(fields.engine)]
  const { attempt, correlationId, causationId } = fields
  if (!tenant || !runId || !id || !engine) return
  if (typeof attempt !== 'number' || !Number.isSafeInteger(attempt) || attempt < 1) return
  if (typeof correlationId !== 'string' || typeof causationId !== 'string') return
  return { id, engine, tenant, runId, attempt, correlationId, causationId }
}

export const parseControl = (data: Uint8Array): Control | undefined => {
  const fields = fieldsOf(data)
  const tenant = parseTenantId(textOf(fields.tenant))
  const runId = parseRunId(textOf(fields.runId))
  const kind = controlKinds.find((each) => each === fields.kind)
  return tenant && runId && kind && { kind, tenant, runId }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const fieldsOf = (data: Uint8Array): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(decoder.decode(data))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
