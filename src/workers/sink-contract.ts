import { contracts } from '../app/contracts.ts'
import type { CommandHandler } from '../app/handle.ts'
import { type SinkContract, StageError } from '../app/ports/engine.ts'
import type { Contract } from '../domain/contract/decide.ts'
import { parseContractRef } from '../domain/contract/events.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'

/**
 * What a manifest promises of the rows of a sink, with the schema as the ledger has it; null where it promises nothing.
 * A replay may keep to another version, `replayed`. A version never changes, so each attempt finds the same. Rejects with CONTRACT_NOT_FOUND.
 */
export const sinkContract = async (
  commands: Pick<CommandHandler, 'load' | 'loadCached'>,
  tenant: TenantId,
  { contract, sinks }: Manifest,
  replayed: string | null = null,
): Promise<SinkContract | null> => {
  const { sink, ref } = contract ?? {}
  if (sink === undefined && ref === undefined) return null
  if (typeof sink !== 'string' || !Object.hasOwn(sinks, sink))
    throw notFound(`contract.sink: there is no sink ${shown(sink)}`)
  const parsed = typeof ref === 'string' ? parseContractRef(ref) : undefined
  if (parsed === undefined) throw notFound(`contract.ref: must be a name and a version, such as routes@v1`)
  const { name } = parsed
  const version = replayed ?? parsed.version
  const schemaIn = ({ versions }: Contract) => versions.find((each) => each.version === version)?.schema
  const cached = schemaIn((await commands.loadCached(contracts, tenant, name)).state)
  const schema = cached ?? schemaIn((await commands.load(contracts, tenant, name)).state)
  if (schema) return { sink, ref: `${name}@${version}`, schema }
  throw notFound(`contract.ref: there is no version ${version} of a contract '${name}'`)
}

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : 'without a name')

const notFound = (message: string): StageError => new StageError('CONTRACT_NOT_FOUND', message, false)
