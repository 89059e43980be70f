import type { ApprovalNeeded } from '../approval/events.ts'
import { type ContractName, parseContractName } from '../ids.ts'
import type { JsonObject } from '../json.ts'

/**
 * What a new version must keep to. backward: its readers can read rows of the version before; forward: readers of the
 * version before can read its rows; full: both.
 */
export const compatibilities = ['backward', 'forward', 'full', 'none'] as const
export type Compatibility = (typeof compatibilities)[number]

/** A JSON Schema of a table's rows. `number` counts from 1; `schemaHash` is SHA-256 in hex of its RFC 8785 JSON. */
export interface ContractVersion {
  number: number
  version: string
  schema: JsonObject
  schemaHash: string
  /** By which it was checked. */
  compatibility: Compatibility
}

/** A version that others rely on the one before of: it may have to be approved. */
export interface ContractChange extends ContractVersion {
  name: ContractName
}

export type ContractEvent =
  | { type: 'ContractChangeRequested'; data: ContractChange & { approval: ApprovalNeeded } }
  | { type: 'ContractChangeRefused'; data: ContractChange & { approvalId: string; reason: string } }
  /** `approvalId` is missing where nobody had to approve it. */
  | { type: 'ContractRegistered'; data: ContractChange & { approvalId?: string } }

const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A label such as `v3.2`. */
export const isContractVersion = (text: string): boolean => versionPattern.test(text)

/** `routes@v1`, as a manifest names a version of a contract. */
export const parseContractRef = (text: string): { name: ContractName; version: string } | undefined => {
  const [said = '', version = '', ...more] = text.split('@')
  const name = parseContractName(said)
  return name !== undefined && isContractVersion(version) && more.length === 0 ? { name, version } : undefined
}
