import type { Context } from 'hono'
import type { Env } from './context.ts'

const segment = /^\{(\w+)\}(?::([a-z]+))?$/

/** A parameter of this name takes all that is left of the path, whether its slashes are escaped or not. */
const restName = 'path'

/** An operation's path as Hono takes it. A verb (`/{id}:run`) is part of its segment; clients may escape its colon. */
export const honoPath = (path: string): string =>
  path
    .split('/')
    .map((part) => {
      const [, name, verb] = segment.exec(part) ?? []
      if (name === undefined) return part
      if (name === restName) return `:${name}{.+}`
      return verb === undefined ? `:${name}` : `:${name}{[^/]+(?::|%3[Aa])${verb}}`
    })
    .join('/')

/** The path's parameters, without their verbs. */
export const pathParameters = (c: Context<Env>, path: string): Record<string, string> => {
  const parameters: Record<string, string> = {}
  for (const part of path.split('/')) {
    const [, name, verb] = segment.exec(part) ?? []
    if (name === undefined) continue
    const text = c.req.param(name) ?? ''
    parameters[name] = verb === undefined ? text : text.slice(0, -verb.length - 1)
  }
  return parameters
}
