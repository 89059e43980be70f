import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readApprovalRules } from '../../src/compose/approvals.ts'
import { defaultApprovalRules, requiredBy } from '../../src/domain/approval/rules.ts'
import { StartError } from '../../src/host/data-dir.ts'
import { temporaryFile } from '../support/views.ts'

const rulesIn = async (text: string, name = 'approvals.yaml') => {
  const path = temporaryFile(name)
  await writeFile(path, text)
  return readApprovalRules(path)
}
const governance = [{ role: 'governance', count: 1 }]

describe('the rules of approvals', () => {
  test('are the default ones without a file', async () => {
    expect(await readApprovalRules(null)).toBe(defaultApprovalRules)
    const wanted = (command: Parameters<typeof requiredBy>[1], environment: Parameters<typeof requiredBy>[2]) =>
      requiredBy(defaultApprovalRules, command, environment)
    expect([wanted('Replay', 'dev'), wanted('Replay', 'staging'), wanted('Replay', 'prod')]).toEqual([
      [],
      [],
      governance,
    ])
    expect([wanted('Promote', 'staging'), wanted('Promote', 'prod')]).toEqual([[], governance])
    expect([wanted('Backfill', 'dev'), wanted('Backfill', 'prod')]).toEqual([governance, governance])
    expect(wanted('ChangeContract', 'dev')).toEqual([{ role: 'governance', count: 2 }])
  })

  test('are read from YAML and from JSON, in all environments unless some are named', async () => {
    const rules = [{ command: 'Replay', required: governance }]
    const expected = [{ ...rules[0], environments: null }]
    expect(await rulesIn('rules:\n  - { command: Replay, required: [{ role: governance, count: 1 }] }\n')).toEqual(
      expected,
    )
    expect(await rulesIn(JSON.stringify({ rules }), 'approvals.json')).toEqual(expected)
    expect(await rulesIn('rules: []')).toEqual([])
  })

  test('add up to the most that any of them wants, by role', async () => {
    const rules = await rulesIn(`rules:
  - { command: Replay, required: [{ role: governance, count: 1 }] }
  - { command: Replay, environments: [prod], required: [{ role: governance, count: 2 }, { role: auditor, count: 1 }] }
  - { command: Promote, required: [{ role: operator, count: 9 }] }
`)
    expect(requiredBy(rules, 'Replay', 'dev')).toEqual(governance)
    expect(requiredBy(rules, 'Replay', 'prod')).toEqual([
      { role: 'governance', count: 2 },
      { role: 'auditor', count: 1 },
    ])
  })

  const rule = (over: object) =>
    JSON.stringify({
      rules: [
        { command: 'Replay', required: governance },
        { command: 'Replay', required: governance, ...over },
      ],
    })
  test.each([
    ['a command that there is not', rule({ command: 'Replai' }), 'rules.1.command'],
    ['no command', rule({ command: undefined }), 'rules.1.command'],
    ['an environment that there is not', rule({ environments: ['prod', 'production'] }), 'rules.1.environments.1'],
    ['no environment at all', rule({ environments: [] }), 'rules.1.environments'],
    ['a role that there is not', rule({ required: [{ role: 'boss', count: 1 }] }), 'rules.1.required.0.role'],
    ['nobody', rule({ required: [{ role: 'governance', count: 0 }] }), 'rules.1.required.0.count'],
    ['half a person', rule({ required: [{ role: 'governance', count: 1.5 }] }), 'rules.1.required.0.count'],
    ['a crowd', rule({ required: [{ role: 'governance', count: 21 }] }), 'rules.1.required.0.count'],
    ['no role', rule({ required: [] }), 'rules.1.required: name one role at least'],
    ['a field that it does not know', rule({ unless: 'friday' }), 'rules.1: Unrecognized key: "unless"'],
    ['no rules', '{}', 'rules: '],
    ['a list', '[]', 'approvals.yaml: Invalid input: expected object'],
    ['nothing', '', 'approvals.yaml: Invalid input: expected object'],
    ['no YAML', 'rules: [', 'Flow sequence'],
  ])('that name %s keep the service from starting, and the message names file and field', async (_, text, named) => {
    const failed = await rulesIn(text).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failed).toBeInstanceOf(StartError)
    expect(String(failed)).toMatch(/APPROVALS_FILE \/.*approvals\.yaml: /)
    expect(String(failed)).toContain(named)
  })

  test('in a file that is not there keep it from starting', async () => {
    await expect(readApprovalRules('/nowhere/approvals.yaml')).rejects.toThrow(
      /^APPROVALS_FILE \/nowhere\/approvals\.yaml: ENOENT/,
    )
  })
})
