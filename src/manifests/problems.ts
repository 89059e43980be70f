import type { z } from 'zod'

/** What is wrong in a manifest and where: `transformations[1].sql`, `sinks.routes.path`; the whole of it is ''. */
export interface Problem {
  path: string
  message: string
}

export const problemsOf = (issues: readonly z.core.$ZodIssue[]): Problem[] => issues.flatMap(problemsOfOne)

const problemsOfOne = (issue: z.core.$ZodIssue): Problem[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'unknown key' }))
  const path = pathText(issue.path)
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message: `the name ${message}` }))
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [{ path, message: missing ? 'is missing' : issue.message }]
}

export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
