import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAuthorized, policySetTextToParts, policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { actions } from '../../src/auth/actions.ts'
import { loadPolicies, type Policies, type PolicyQuestion } from '../../src/auth/policy.ts'
import { roles } from '../../src/auth/principal.ts'

const schema = readFileSync('policies/ledgerline.cedarschema', 'utf8')
const defaults = readdirSync('policies')
  .filter((name) => name.endsWith('.cedar'))
  .map((name) => readFileSync(join('policies', name), 'utf8'))
  .join('\n')

const policiesOf = (text: string): Policies => {
  const dir = mkdtempSync(join(tmpdir(), 'policies-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'all.cedar'), text)
  writeFileSync(join(dir, 'ledgerline.cedarschema'), schema)
  return loadPolicies(dir)
}

/** Cedar asked anew with everything that the question says: no cache, no key, nothing left out. */
const askCedar = (text: string, { principal, action, resource }: PolicyQuestion) => {
  const parts = policySetTextToParts(text)
  if (parts.type === 'failure') throw new Error('unreadable policies')
  const byId = parts.policies.map((policy) => {
    const parsed = policyToJson(policy)
    return [parsed.type === 'success' ? parsed.json.annotations?.id : '', policy]
  })
  const uid = { type: 'Ledgerline::Principal', id: principal.id }
  const { tenant, environment, owner } = resource
  const asked = { type: 'Ledgerline::Resource', id: 'r' }
  const answer = isAuthorized({
    principal: uid,
    action: { type: 'Ledgerline::Action', id: action },
    resource: asked,
    context: {},
    policies: { staticPolicies: Object.fromEntries(byId) },
    entities: [
      { uid, attrs: { tenant: principal.tenant, kind: principal.kind, roles: [...principal.roles] }, parents: [] },
      {
        uid: asked,
        attrs: {
          tenant,
          ...(environment !== undefined && { environment }),
          ...(owner !== undefined && { owner: { __entity: { type: 'Ledgerline::Principal', id: owner } } }),
        },
        parents: [],
      },
    ],
  })
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  const { reason, errors } = answer.response.diagnostics
  const [id = 'default-deny'] = [...reason.toSorted(), ...errors.map(({ policyId }) => policyId)]
  return { allowed: answer.response.decision === 'allow', id }
}

const name = fc.constantFrom('acme', 'globex', 'prod', 'own', 'caller', '', '"],[', 'ü')
const question = fc.record({
  principal: fc.record({
    id: name,
    kind: fc.constantFrom('person' as const, 'service' as const),
    roles: fc.array(fc.constantFrom(...roles), { maxLength: 9 }),
    tenant: name,
  }),
  action: fc.constantFrom(...actions),
  resource: fc.record({ tenant: name, environment: name, owner: name }, { requiredKeys: ['tenant'] }),
})

describe('the decision, cached or not, is the one that Cedar gives to the whole question', () => {
  const permit = (id: string, condition: string) =>
    `@id("${id}") permit (principal, action, resource) when { ${condition} };`
  test.each([
    ['by default', defaults],
    ['where a policy compares tenants the other way round', permit('a', 'resource.tenant == principal.tenant')],
    ['where a policy names a tenant', permit('a', 'principal.tenant == "acme" && resource.tenant != principal.tenant')],
    ['where a tenant is found in a set', permit('a', '[resource.tenant, "prod"].contains(principal.tenant)')],
    ['where a policy reads the kind', permit('a', 'principal["kind"] == "service"')],
    [
      'where a policy is for one principal',
      '@id("a") permit (principal == Ledgerline::Principal::"acme", action, resource);',
    ],
    ['where a condition names a principal', permit('a', '[Ledgerline::Principal::"own"].contains(principal)')],
    ['where owners have more rights', permit('a', 'resource has owner && resource.owner == principal')],
    [
      'where an owner is forbidden',
      `${permit('a', 'true')}\n@id("b") forbid (principal, action, resource) when { resource has owner && resource.owner == Ledgerline::Principal::"acme" };`,
    ],
    [
      'where a policy reads what only the principal as owner has',
      permit('a', 'resource has owner && resource.owner.roles.contains("viewer")'),
    ],
    ['where it matters that there is an owner', permit('a', 'resource has owner')],
    [
      'where a policy reads the environment',
      permit('a', 'resource has environment && resource.environment like "*o*"'),
    ],
    [
      'where all is read',
      `${permit('a', 'principal.kind == "person" && resource has environment && resource.tenant like "a*"')}\n${permit('b', 'resource has owner && resource.owner != principal')}`,
    ],
  ])('%s', (_, text) => {
    const policies = policiesOf(text)
    fc.assert(
      fc.property(question, (asked) => {
        const { allowed, id } = askCedar(text, asked)
        const expected = { allowed, policy: { id, version: policies.version } }
        expect(policies.decide(asked)).toEqual(expected)
        expect(policies.decide(asked)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})

describe('by default, whoever asks for whatever', () => {
  const policies = loadPolicies('policies')

  test('a principal of another tenant is denied', () => {
    fc.assert(
      fc.property(question, (asked) => {
        fc.pre(asked.principal.tenant !== asked.resource.tenant)
        expect(policies.decide(asked)).toMatchObject({ allowed: false, policy: { id: 'other-tenant' } })
      }),
    )
  })

  test('no roles means denied', () => {
    fc.assert(
      fc.property(question, ({ principal, ...asked }) => {
        expect(policies.decide({ principal: { ...principal, roles: [] }, ...asked }).allowed).toBe(false)
      }),
    )
  })

  test('another role never takes a right away', () => {
    fc.assert(
      fc.property(question, fc.constantFrom(...roles), ({ principal, action, resource: { environment } }, role) => {
        const resource = { tenant: principal.tenant, ...(environment !== undefined && { environment }) }
        const allowed = (held: typeof principal.roles) =>
          policies.decide({ principal: { ...principal, roles: held }, action, resource }).allowed
        expect(allowed([...principal.roles, role])).toBe(allowed(principal.roles) || allowed([role]))
      }),
    )
  })
})

describe('a decision is remembered', () => {
  const asked: PolicyQuestion = {
    principal: { id: 'a', kind: 'person', roles: ['viewer', 'operator'], tenant: 'acme' },
    action: 'RequestRun',
    resource: { tenant: 'acme', environment: 'dev' },
  }

  test('for all who differ only in what no policy reads', () => {
    const policies = policiesOf(defaults)
    const other: PolicyQuestion = {
      principal: { id: 'b', kind: 'service', roles: ['operator', 'viewer', 'viewer'], tenant: 'globex' },
      action: 'RequestRun',
      resource: { tenant: 'globex', environment: 'dev', owner: 'c' },
    }
    expect(policies.decide(other)).toBe(policies.decide(asked))
  })

  test('until ten thousand others have come', () => {
    const policies = policiesOf(defaults)
    const oldest = policies.decide(asked)
    const decideOthers = (from: number, to: number) => {
      for (let i = from; i < to; i++) policies.decide({ ...asked, resource: { tenant: 'acme', environment: `e${i}` } })
    }
    decideOthers(1, 10_000)
    expect(policies.decide(asked)).toBe(oldest)
    decideOthers(10_000, 10_001)
    expect(policies.decide(asked)).not.toBe(oldest)
    expect(policies.decide(asked)).toEqual(oldest)
  })
})

describe('a policy that cannot be evaluated denies', () => {
  const overflow = 'when { 9223372036854775807 + 1 > 0 }'
  const roleless = { principal: { id: 'a', kind: 'person', roles: [], tenant: 'x' }, action: 'ReadRuns' } as const
  const decide = (text: string) => policiesOf(text).decide({ ...roleless, resource: { tenant: 'x' } })

  test.each(['permit', 'forbid'])('a %s, even where another policy permits', (effect) => {
    const text = `@id("a") permit (principal, action, resource);\n@id("b") ${effect} (principal, action, resource) ${overflow};`
    expect(decide(text)).toMatchObject({ allowed: false, policy: { id: 'b' } })
  })

  test('and a forbid that matched is named before it', () => {
    const text = `@id("a") permit (principal, action, resource) ${overflow};\n@id("b") forbid (principal, action, resource);`
    expect(decide(text)).toMatchObject({ allowed: false, policy: { id: 'b' } })
  })
})
