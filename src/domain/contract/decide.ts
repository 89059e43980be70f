import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { ContractName } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import { incompatibilities } from './compatibility.ts'
import type { Compatibility, ContractEvent, ContractVersion } from './events.ts'

/** Oldest version first. */
export interface Contract {
  name: ContractName | null
  versions: readonly ContractVersion[]
}

export interface RegisterContract {
  type: 'RegisterContract'
  name: ContractName
  version: string
  schema: JsonObject
  schemaHash: string
  /** Null: as the version before; backward for the first. */
  compatibility: Compatibility | null
}

export const newestVersion = ({ versions }: Contract): ContractVersion | undefined => versions.at(-1)

/** By what the next version is checked. */
export const compatibilityOf = (contract: Contract, asked: Compatibility | null): Compatibility =>
  asked ?? newestVersion(contract)?.compatibility ?? 'backward'

const problemsShown = 20

const decide = (command: RegisterContract, contract: Contract): ContractEvent[] => {
  const { name, version, schema, schemaHash } = command
  const compatibility = compatibilityOf(contract, command.compatibility)
  const same = contract.versions.find((each) => each.version === version)
  if (same?.schemaHash === schemaHash && (command.compatibility ?? same.compatibility) === same.compatibility) return []
  if (same) {
    const message = `contract '${name}' has a version ${version} already, and a version never changes; give it a new label`
    throw new Rejection('CONTRACT_VERSION_EXISTS', message, { name, version })
  }
  const before = newestVersion(contract)
  const found = before ? incompatibilities(before.schema, schema, compatibility) : []
  const [first] = found
  if (before && first) {
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ''
    throw new Rejection(
      'CONTRACT_INCOMPATIBLE',
      `version ${version} is not ${compatibility} compatible with ${before.version}: ${first.path}: ${first.message}${more}`,
      {
        name,
        before: before.version,
        compatibility,
        problems: found.slice(0, problemsShown).map(({ path, rule, message }) => `${path}: ${rule}: ${message}`),
      },
    )
  }
  const number = contract.versions.length + 1
  return [{ type: 'ContractRegistered', data: { name, number, version, schema, schemaHash, compatibility } }]
}

const evolve = ({ versions }: Contract, { data: { name, ...version } }: ContractEvent): Contract => ({
  name,
  versions: [...versions, version],
})

/** What a tenant promises of the rows of a table, in versions. */
export const contractDecider: Decider<Contract, RegisterContract, ContractEvent> = {
  initial: { name: null, versions: [] },
  decide,
  evolve,
}
