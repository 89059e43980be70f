import type { JsonObject, JsonValue } from '../../../domain/json.ts'

/** A part of a plan as `json_serialize_plan` writes it. */
export type Node = JsonObject

/** That a plan has something in it that is not known here. */
export class Unclear extends Error {}

export const isNode = (value: JsonValue | undefined): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const nodeAt = (node: Node, key: string): Node => {
  const value = node[key]
  if (isNode(value)) return value
  throw new Unclear(`no ${key} in ${textAt(node, 'type')}`)
}

/** An empty list where there is none. */
export const listAt = (node: Node, key: string): JsonValue[] => {
  const value = node[key] ?? []
  if (Array.isArray(value)) return value
  throw new Unclear(`${key} of ${textAt(node, 'type')} is no list`)
}

export const nodesAt = (node: Node, key: string): Node[] => {
  const nodes = listAt(node, key).filter(isNode)
  if (nodes.length === listAt(node, key).length) return nodes
  throw new Unclear(`${key} of ${textAt(node, 'type')} holds other than nodes`)
}

export const textAt = (node: Node, key: string): string => {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}

export const numberAt = (node: Node, key: string): number => {
  const value = node[key]
  if (typeof value === 'number') return value
  throw new Unclear(`no ${key} in ${textAt(node, 'type')}`)
}

export const numbersAt = (node: Node, key: string): number[] =>
  listAt(node, key).map((value) => {
    if (typeof value === 'number') return value
    throw new Unclear(`${key} of ${textAt(node, 'type')} holds other than numbers`)
  })

const holdsExpression = (value: JsonValue | undefined): boolean => {
  if (Array.isArray(value)) return value.some(holdsExpression)
  return isNode(value) && ('expression_class' in value || Object.values(value).some(holdsExpression))
}

/**
 * Throws Unclear when another field than those named holds an expression: what is not read would be missed. What a
 * function keeps for itself is no such: its inputs are its children.
 */
export const readsAll = (node: Node, fields: readonly string[]): void => {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'children' || key === 'function_data' || fields.includes(key) || !holdsExpression(value)) continue
    throw new Unclear(`${key} of ${textAt(node, 'type')} is not known`)
  }
}
