import {
  checkParseSchema,
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  validate,
} from './cedar.ts'
import { PolicyError, type PolicyFile } from './files.ts'

/** What Cedar answers when nothing matched; no policy may be called so. */
export const defaultDeny = 'default-deny'

export interface ParsedPolicy {
  id: string
  file: PolicyFile
  text: string
  json: PolicyJson
}

/** Cedar counts in bytes. */
const lineAt = (text: string, byte: number): number => Buffer.from(text).subarray(0, byte).toString().split('\n').length

const sentence = (error: DetailedError | undefined): string => {
  if (!error) return 'Cedar gives no reason'
  const label = error.sourceLocations?.find((place) => place.label)?.label
  const hints = [label, error.help].filter((hint) => hint)
  const message = error.message.replace(/^for policy `.*?`, /, '')
  return `${message}${hints.length > 0 ? ` (${hints.join('; ')})` : ''}`.replaceAll('`', "'").replaceAll(/\s+/g, ' ')
}

const syntaxError = ({ path, text }: PolicyFile, [error]: readonly DetailedError[]): PolicyError => {
  const [place] = error?.sourceLocations ?? []
  return new PolicyError(`${path}${place ? `:${lineAt(text, place.start)}` : ''}: ${sentence(error)}`)
}

const policyOf = (file: PolicyFile, text: string): ParsedPolicy => {
  const parsed = policyToJson(text)
  if (parsed.type === 'failure') throw syntaxError(file, parsed.errors)
  const id = parsed.json.annotations?.id
  if (id) return { id, file, text, json: parsed.json }
  const line = file.text.slice(0, file.text.indexOf(text)).split('\n').length
  throw new PolicyError(`${file.path}:${line}: the policy has no @id`)
}

const policiesOf = (file: PolicyFile): ParsedPolicy[] => {
  const parts = policySetTextToParts(file.text)
  if (parts.type === 'failure') throw syntaxError(file, parts.errors)
  if (parts.policy_templates.length > 0) throw new PolicyError(`${file.path}: templates (?principal) are not supported`)
  return parts.policies.map((text) => policyOf(file, text))
}

/** The policies of all files by id, in id order. */
export const parsePolicies = (files: readonly PolicyFile[]): ParsedPolicy[] => {
  const byId = new Map<string, ParsedPolicy>()
  for (const policy of files.flatMap(policiesOf)) {
    const { id, file } = policy
    const other = byId.get(id)
    if (other) throw new PolicyError(`${file.path}: policy '${id}' is also in ${other.file.path}; an @id is given once`)
    if (id === defaultDeny) throw new PolicyError(`${file.path}: policy '${id}': this @id means that no policy matched`)
    byId.set(id, policy)
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** By id, as Cedar takes them. */
export const policySetOf = (policies: readonly ParsedPolicy[]) => ({
  staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])),
})

/** Throws a `PolicyError` unless every policy is strictly valid. A warning counts too: it says that one never applies. */
export const assertValid = (policies: readonly ParsedPolicy[], schema: PolicyFile): void => {
  const parsed = checkParseSchema(schema.text)
  if (parsed.type === 'failure') throw syntaxError(schema, parsed.errors)
  const answer = validate({ schema: schema.text, policies: policySetOf(policies) })
  if (answer.type === 'failure') throw syntaxError(schema, answer.errors)
  const faults = [...answer.validationErrors, ...answer.validationWarnings]
  for (const { id, file } of policies) {
    const fault = faults.find(({ policyId }) => policyId === id)
    if (fault) throw new PolicyError(`${file.path}: policy '${id}': ${sentence(fault.error)}`)
  }
}
