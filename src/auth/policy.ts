import { preparsePolicySet, type Response, statefulIsAuthorized } from './policy/cedar.ts'
import { PolicyError, readFolder } from './policy/files.ts'
import { assertValid, defaultDeny, parsePolicies, policySetOf } from './policy/parse.ts'
import { keyOf, type PolicyQuestion, requestOf } from './policy/question.ts'
import { readsOf } from './policy/reads.ts'

export { PolicyError } from './policy/files.ts'
export type { PolicyQuestion } from './policy/question.ts'

/** `policy` goes into the metadata of the events that come of it (DESIGN.md section 4). */
interface Decision {
  readonly allowed: boolean
  readonly policy: { readonly id: string; readonly version: string }
}

export interface Policies {
  /** Which files decide: SHA-256 in hex over their names and texts. */
  readonly version: string
  /**
   * Nothing is allowed that no policy permits; a forbid wins; a policy that cannot be evaluated denies.
   * The id is of the policy that decided, of several the first by id, and `default-deny` when none matched.
   */
  decide(question: PolicyQuestion): Decision
}

/** How many decisions are remembered, oldest out. */
const decisionsMax = 10_000

const first = (ids: readonly string[]): string => [...ids].sort()[0] ?? defaultDeny

/** A forbid that matched is Cedar's reason for a denial, even when another policy failed. */
const outcomeOf = ({ decision, diagnostics: { reason, errors } }: Response): { allowed: boolean; id: string } => {
  if (decision === 'deny' && reason.length > 0) return { allowed: false, id: first(reason) }
  if (errors.length > 0) return { allowed: false, id: first(errors.map(({ policyId }) => policyId)) }
  return { allowed: decision === 'allow', id: first(reason) }
}

/** Parses and validates the policies of a folder; throws a `PolicyError` that names the file. */
export const loadPolicies = (dir: string): Policies => {
  const { files, schema, version } = readFolder(dir)
  const policies = parsePolicies(files)
  if (policies.length === 0) throw new PolicyError(`${dir}: the files hold no policy`)
  assertValid(policies, schema)
  const reads = readsOf(policies)
  const prepared = preparsePolicySet(version, policySetOf(policies))
  if (prepared.type === 'failure') throw new PolicyError(`${dir}: ${prepared.errors[0]?.message}`)

  const ask = (key: string): Decision => {
    const answer = statefulIsAuthorized({ ...requestOf(key), preparsedPolicySetId: version })
    const { allowed, id } = answer.type === 'success' ? outcomeOf(answer.response) : { allowed: false, id: defaultDeny }
    return Object.freeze({ allowed, policy: Object.freeze({ id, version }) })
  }

  const decisions = new Map<string, Decision>()
  const decide = (question: PolicyQuestion): Decision => {
    const key = keyOf(question, reads)
    const known = decisions.get(key)
    if (known) return known
    const decision = ask(key)
    const [oldest] = decisions.size < decisionsMax ? [] : decisions.keys()
    if (oldest !== undefined) decisions.delete(oldest)
    decisions.set(key, decision)
    return decision
  }
  return { version, decide }
}
