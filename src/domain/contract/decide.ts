import type { ApprovalNeeded } from '../approval/events.ts'
import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { ContractName } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import { incompatibilities } from './compatibility.ts'
import type { Compatibility, ContractChange, ContractEvent, ContractVersion } from './events.ts'

/** Oldest version first. */
export interface Contract {
  name: ContractName | null
  versions: readonly ContractVersion[]
  /** The change that awaits its approval; one at a time. */
  pending: (ContractChange & { approval: ApprovalNeeded }) | null
}

export interface RegisterContract {
  type: 'RegisterContract'
  name: ContractName
  version: string
  schema: JsonObject
  schemaHash: string
  /** Null: as the version before; backward for the first. */
  compatibility: Compatibility | null
  /** What has to be given before it counts; missing where nobody has to. */
  approval?: ApprovalNeeded
}

export type ContractCommand =
  | RegisterContract
  | { type: 'ReleaseContractChange'; name: ContractName; approvalId: string; commandHash: string }
  | { type: 'RefuseContractChange'; name: ContractName; approvalId: string; reason: string }

type Of<Type extends ContractCommand['type']> = Extract<ContractCommand, { type: Type }>

export const newestVersion = ({ versions }: Contract): ContractVersion | undefined => versions.at(-1)

/** By what the next version is checked. */
export const compatibilityOf = (contract: Contract, asked: Compatibility | null): Compatibility =>
  asked ?? newestVersion(contract)?.compatibility ?? 'backward'

/** What a registration would add; null where it is there already. Throws where it cannot be. */
export const changeOf = (command: RegisterContract, contract: Contract): ContractChange | null => {
  const { name, version, schema, schemaHash } = command
  const compatibility = compatibilityOf(contract, command.compatibility)
  const same = contract.versions.find((each) => each.version === version)
  if (same?.schemaHash === schemaHash && (command.compatibility ?? same.compatibility) === same.compatibility)
    return null
  if (same) {
    const message = `contract '${name}' has a version ${version} already, and a version never changes; give it a new label`
    throw new Rejection('CONTRACT_VERSION_EXISTS', message, { name, version })
  }
  assertCompatible(command, contract, compatibility)
  return { name, number: contract.versions.length + 1, version, schema, schemaHash, compatibility }
}

const problemsShown = 20

const assertCompatible = (
  { name, version, schema }: RegisterContract,
  contract: Contract,
  compatibility: Compatibility,
): void => {
  const before = newestVersion(contract)
  const found = before ? incompatibilities(before.schema, schema, compatibility) : []
  const [first] = found
  if (!before || !first) return
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

const register = (command: RegisterContract, contract: Contract): ContractEvent[] => {
  const change = changeOf(command, contract)
  if (!change) return []
  const { approval } = command
  // The first version changes nothing that anybody relies on.
  if (!approval || contract.versions.length === 0) return [{ type: 'ContractRegistered', data: change }]
  const { pending } = contract
  if (pending) {
    const { approvalId } = pending.approval
    const message = `version ${pending.version} of contract '${pending.name}' awaits approval ${approvalId}`
    throw new Rejection('APPROVAL_PENDING', message, { approvalId })
  }
  return [{ type: 'ContractChangeRequested', data: { ...change, approval } }]
}

/** Only the approval that the change itself asked for, of the very command; and only what still fits. */
const release = (command: Of<'ReleaseContractChange'>, contract: Contract): ContractEvent[] => {
  const { approvalId, commandHash } = command
  const { pending } = contract
  if (pending?.approval.approvalId !== approvalId) return []
  if (pending.approval.commandHash !== commandHash) {
    throw new Rejection('APPROVAL_MISMATCH', `approval '${approvalId}' is for another command`, { approvalId })
  }
  try {
    const change = changeOf({ ...pending, type: 'RegisterContract' }, contract)
    if (change) return [{ type: 'ContractRegistered', data: { ...change, approvalId } }]
    return refused(pending, 'it was registered meanwhile')
  } catch (error) {
    if (error instanceof Rejection) return refused(pending, error.message)
    throw error
  }
}

const refused = ({ approval, ...change }: NonNullable<Contract['pending']>, reason: string): ContractEvent[] => [
  { type: 'ContractChangeRefused', data: { ...change, approvalId: approval.approvalId, reason } },
]

const decide = (command: ContractCommand, contract: Contract): ContractEvent[] => {
  switch (command.type) {
    case 'RegisterContract':
      return register(command, contract)
    case 'ReleaseContractChange':
      return release(command, contract)
    case 'RefuseContractChange': {
      const { pending } = contract
      return pending?.approval.approvalId === command.approvalId ? refused(pending, command.reason) : []
    }
  }
}

const evolve = (contract: Contract, event: ContractEvent): Contract => {
  switch (event.type) {
    case 'ContractChangeRequested':
      return { ...contract, pending: event.data }
    case 'ContractChangeRefused':
      return { ...contract, pending: null }
    case 'ContractRegistered': {
      const { name, approvalId, ...version } = event.data
      const pending = contract.pending?.approval.approvalId === approvalId ? null : contract.pending
      return { name, versions: [...contract.versions, version], pending }
    }
  }
}

/** What a tenant promises of the rows of a table, in versions. */
export const contractDecider: Decider<Contract, ContractCommand, ContractEvent> = {
  initial: { name: null, versions: [], pending: null },
  decide,
  evolve,
}
