import type { Environment } from '../pipeline/environments.ts'
import type { Requirement } from './events.ts'

/** What may need approval. */
export const approvable = ['Replay', 'Backfill', 'Promote', 'ChangeContract'] as const
export type Approvable = (typeof approvable)[number]

/** Which commands need which approvals; `environments` is where, and null is everywhere. */
export interface ApprovalRule {
  command: Approvable
  environments: readonly Environment[] | null
  required: readonly Requirement[]
}

/** DESIGN.md section 6. Other rules may be configured; that nobody approves what they ask for, none can change. */
export const defaultApprovalRules: readonly ApprovalRule[] = [
  { command: 'Promote', environments: ['prod'], required: [{ role: 'governance', count: 1 }] },
  { command: 'Replay', environments: ['prod'], required: [{ role: 'governance', count: 1 }] },
  { command: 'Backfill', environments: null, required: [{ role: 'governance', count: 1 }] },
  { command: 'ChangeContract', environments: null, required: [{ role: 'governance', count: 2 }] },
]

/** By role, the most that any rule wants; empty when nobody has to approve. What is of no environment is of all. */
export const requiredBy = (
  rules: readonly ApprovalRule[],
  command: Approvable,
  environment: Environment | null,
): Requirement[] => {
  const counts = new Map<string, number>()
  for (const rule of rules) {
    if (rule.command !== command) continue
    if (environment && rule.environments && !rule.environments.includes(environment)) continue
    for (const { role, count } of rule.required) counts.set(role, Math.max(count, counts.get(role) ?? 0))
  }
  return [...counts].map(([role, count]) => ({ role, count }))
}
