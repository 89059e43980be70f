import { PolicyError } from './files.ts'
import type { ParsedPolicy } from './parse.ts'

/** What of a question some policy reads. Nothing else is handed to Cedar, so nothing else can change a decision. */
export interface Reads {
  id: boolean
  kind: boolean
  /** Tenants by name. Otherwise policies only compare the principal's with the resource's. */
  tenants: boolean
  environment: boolean
  owner: boolean
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isVariable = (node: unknown, name: string): boolean => isObject(node) && node.Var === name

const isTenantOf = (name: string, node: unknown): boolean => {
  const access = isObject(node) ? node['.'] : undefined
  return isObject(access) && access.attr === 'tenant' && isVariable(access.left, name)
}

const comparesTenants = (operator: string, node: Record<string, unknown>): boolean => {
  if (operator !== '==' && operator !== '!=') return false
  const isOf = (left: string, right: string) => isTenantOf(left, node.left) && isTenantOf(right, node.right)
  return isOf('principal', 'resource') || isOf('resource', 'principal')
}

/**
 * What an expression of Cedar's JSON form mentions: `.name` for an attribute, of whatever it may be, and the type of an
 * entity that is named. Comparing the tenants mentions nothing.
 */
const mentionsIn = (node: unknown): string[] => {
  if (!isObject(node)) return []
  const named = typeof node.type === 'string' && typeof node.id === 'string' ? [node.type] : []
  const inner = Object.entries(node).flatMap(([key, value]) => {
    if (!isObject(value) || comparesTenants(key, value)) return []
    const attributes = (key === '.' || key === 'has') && 'attr' in value ? [value.attr].flat() : []
    return [...attributes.map((name) => `.${name}`), ...mentionsIn(value)]
  })
  return [...named, ...inner]
}

export const readsOf = (policies: readonly ParsedPolicy[]): Reads => {
  const mentioned = new Set<string>()
  for (const { id, file, json } of policies) {
    const mentions = mentionsIn([json.principal, json.action, json.resource, json.conditions])
    if (mentions.includes('Ledgerline::Resource'))
      throw new PolicyError(`${file.path}: policy '${id}' names one resource, but resources have no names here`)
    for (const each of mentions) mentioned.add(each)
  }
  const owner = mentioned.has('.owner')
  return {
    // A principal's id can matter only against another's: one that a policy names, or the owner's.
    id: owner || mentioned.has('Ledgerline::Principal'),
    kind: mentioned.has('.kind'),
    tenants: mentioned.has('.tenant'),
    environment: mentioned.has('.environment'),
    owner,
  }
}
