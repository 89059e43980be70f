import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { actions } from '../../src/auth/actions.ts'
import { loadPolicies, PolicyError } from '../../src/auth/policy.ts'

const schema = readFileSync('policies/ledgerline.cedarschema', 'utf8')
const all = '@id("all") permit (principal, action, resource);'

const folderOf = (files: Record<string, string | null>): string => {
  const dir = mkdtempSync(join(tmpdir(), 'policies-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries({ 'ledgerline.cedarschema': schema, ...files }))
    if (text !== null) writeFileSync(join(dir, name), text)
  return dir
}

const refusalOf = (dir: string): string => {
  try {
    loadPolicies(dir)
  } catch (error) {
    if (error instanceof PolicyError) return error.message.replaceAll(dir, 'policies')
    throw error
  }
  return 'none'
}

const when = (condition: string) => `@id("a") permit (principal, action, resource) when { ${condition} };`

describe('refused, with file and policy in one sentence', () => {
  test.each([
    [
      'a syntax error',
      { 'a.cedar': '// über\n@id("a")\npermit (principal, action resource);' },
      "policies/a.cedar:3: unexpected token 'resource' (expected ",
    ],
    [
      'an unknown attribute',
      { 'a.cedar': when('principal.email == "x"') },
      "policies/a.cedar: policy 'a': attribute 'email' on entity type 'Ledgerline::Principal' not found",
    ],
    [
      'an optional attribute read unasked',
      { 'a.cedar': when('resource.environment == "dev"') },
      "policies/a.cedar: policy 'a': unable to guarantee safety of access to optional attribute 'environment'",
    ],
    [
      'an unknown action',
      { 'a.cedar': '@id("a") permit (principal, action == Ledgerline::Action::"Erase", resource);' },
      "policies/a.cedar: policy 'a': unrecognized action",
    ],
    [
      'values of two types',
      { 'a.cedar': when('principal.kind == 1') },
      "policies/a.cedar: policy 'a': the types Long and String are not compatible",
    ],
    ['a policy that never applies', { 'a.cedar': when('false') }, "policies/a.cedar: policy 'a': policy is impossible"],
    [
      'no @id',
      { 'a.cedar': all, 'b.cedar': '\n\npermit (principal, action, resource);' },
      'policies/b.cedar:3: the policy has no @id',
    ],
    [
      'an empty @id',
      { 'a.cedar': '@id permit (principal, action, resource);' },
      'policies/a.cedar:1: the policy has no @id',
    ],
    [
      'an @id twice',
      { 'a.cedar': all, 'b.cedar': all },
      "policies/b.cedar: policy 'all' is also in policies/a.cedar; an @id is given once",
    ],
    [
      'the @id of no policy',
      { 'a.cedar': all.replace('all', 'default-deny') },
      "policies/a.cedar: policy 'default-deny': this @id means",
    ],
    [
      'a template',
      { 'a.cedar': '@id("a") permit (principal == ?principal, action, resource);' },
      'policies/a.cedar: templates (?principal) are not supported',
    ],
    [
      'one resource by name',
      { 'a.cedar': '@id("a") forbid (principal, action, resource == Ledgerline::Resource::"run-1");' },
      "policies/a.cedar: policy 'a' names one resource, but",
    ],
    [
      'no schema',
      { 'a.cedar': all, 'ledgerline.cedarschema': null },
      'policies/ledgerline.cedarschema: the schema is missing',
    ],
    [
      'a broken schema',
      { 'a.cedar': all, 'ledgerline.cedarschema': 'namespace Ledgerline {\n  entity' },
      'policies/ledgerline.cedarschema:2: failed to parse schema',
    ],
    ['an empty folder', { 'ledgerline.cedarschema': null }, 'policies: the folder has no *.cedar file'],
    ['a folder without policies', { 'readme.md': 'none' }, 'policies: the folder has no *.cedar file'],
    ['files without policies', { 'a.cedar': '// none yet' }, 'policies: the files hold no policy'],
  ])('%s', (_, files, sentence) => {
    const refusal = refusalOf(folderOf(files))
    expect(refusal.slice(0, sentence.length)).toBe(sentence)
    expect(refusal).not.toContain('\n')
  })

  test('a folder that is not there', () => {
    expect(refusalOf('no/such/folder')).toMatch(/^policies: the folder of policies cannot be read: ENOENT/)
  })

  test('a folder where a file should be', () => {
    const dir = folderOf({})
    mkdirSync(join(dir, 'a.cedar'))
    expect(refusalOf(dir)).toMatch(/^policies\/a.cedar: the file cannot be read: EISDIR/)
  })
})

test('a sound folder is taken, and what else lies in it is left alone', () => {
  expect(refusalOf(folderOf({ 'a.cedar': all, 'readme.md': 'not a policy' }))).toBe('none')
})

describe('the version', () => {
  test('is what sha256sum makes of the files', () => {
    const command = 'LC_ALL=C sha256sum *.cedar ledgerline.cedarschema | sha256sum'
    const sum = execFileSync('sh', ['-c', command], { cwd: 'policies', encoding: 'utf8' })
    expect(loadPolicies('policies').version).toBe(sum.slice(0, 64))
  })

  test('is another when a text, a name or the schema is', () => {
    const versions = [
      { 'a.cedar': all },
      { 'a.cedar': `${all}\n` },
      { 'b.cedar': all },
      { 'a.cedar': all, 'b.cedar': '' },
      { 'a.cedar': all, 'ledgerline.cedarschema': `${schema}\n` },
    ].map((files) => loadPolicies(folderOf(files)).version)
    expect(new Set(versions).size).toBe(versions.length)
    expect(loadPolicies(folderOf({ 'a.cedar': all })).version).toBe(versions[0])
  })
})

test('the schema has every action of src/auth/actions.ts, and no other', () => {
  const answer = schemaToJson(schema)
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  expect(Object.keys(answer.json.Ledgerline?.actions ?? {}).sort()).toEqual([...actions].sort())
})

test('the defaults hold wherever they lie', () => {
  const dir = folderOf({})
  const names = readdirSync('policies').filter((name) => name.endsWith('.cedar'))
  expect(names.length).toBeGreaterThan(4)
  for (const name of names) copyFileSync(join('policies', name), join(dir, name))
  expect(loadPolicies(dir).version).toBe(loadPolicies('policies').version)
})
