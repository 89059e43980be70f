import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Action, actions } from '../../src/auth/actions.ts'
import { loadPolicies, type Policies } from '../../src/auth/policy.ts'
import { type Role, roles } from '../../src/auth/principal.ts'

const page = 'docs/roles.md'
const begin = '<!-- matrix:begin -->\n'
const end = '<!-- matrix:end -->'

const environments = ['dev', 'staging', undefined, 'prod']
const cells = new Map([
  ['yes yes yes yes', 'yes'],
  ['no no no no', 'no'],
  ['yes yes yes no', 'not in prod'],
])

/** Whoever has the role, a person or a service, the owner or not. */
const answerIn = (policies: Policies, role: Role, action: Action, environment: string | undefined): string => {
  const answers = (['person', 'service'] as const).flatMap((kind) =>
    [{}, { owner: 'a' }, { owner: 'b' }].map((owner) => {
      const principal = { id: 'a', kind, roles: [role], tenant: 'acme' }
      const resource = { tenant: 'acme', ...owner, ...(environment !== undefined && { environment }) }
      return policies.decide({ principal, action, resource }).allowed ? 'yes' : 'no'
    }),
  )
  return [...new Set(answers)].join(' or ')
}

const cellOf = (policies: Policies, role: Role, action: Action): string => {
  const answers = environments.map((environment) => answerIn(policies, role, action, environment)).join(' ')
  const cell = cells.get(answers)
  if (cell === undefined) throw new Error(`the table has no words for ${role}, ${action}: ${answers}`)
  return cell
}

const matrixOf = (policies: Policies): string => {
  const rows = roles.map((role) => [`\`${role}\``, ...actions.map((action) => cellOf(policies, role, action))])
  const lines = [['role', ...actions], ['', ...actions].map(() => '---'), ...rows]
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
}

const matrixIn = (text: string): string => text.slice(text.indexOf(begin) + begin.length, text.indexOf(end))
const withMatrix = (text: string, matrix: string): string =>
  `${text.slice(0, text.indexOf(begin) + begin.length)}${matrix}${text.slice(text.indexOf(end))}`

describe(page, () => {
  const matrix = matrixOf(loadPolicies('policies'))

  test('says of every role and action what the policies say', () => {
    const text = readFileSync(page, 'utf8')
    expect(text.split(begin)).toHaveLength(2)
    expect(text.split(end)).toHaveLength(2)
    if (process.env.UPDATE_DOCS === '1') writeFileSync(page, withMatrix(text, matrix))
    expect(matrixIn(readFileSync(page, 'utf8'))).toBe(matrix)
  })

  test('would be seen to be wrong', () => {
    const changed = readFileSync(page, 'utf8').replace('not in prod |', 'yes |')
    expect(matrixIn(changed)).not.toBe(matrix)
  })
})
