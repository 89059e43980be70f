/**
 * `to` may decide approvals for `from`, in these roles, before `until` (ISO time). Both are pseudonyms. The reason is
 * free text that must name nobody.
 */
export interface Delegation {
  delegationId: string
  from: string
  to: string
  roles: string[]
  until: string
  reason: string
}

export type DelegationEvent =
  | { type: 'DelegationGranted'; data: Delegation }
  | { type: 'DelegationRevoked'; data: { delegationId: string; from: string } }
