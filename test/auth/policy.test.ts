import { describe, expect, test } from 'vitest'
import { type Action, actions } from '../../src/auth/actions.ts'
import { loadPolicies } from '../../src/auth/policy.ts'
import type { Role } from '../../src/auth/principal.ts'

const policies = loadPolicies('policies')

const may = (held: Role | readonly Role[], action: Action, environment?: string, tenant = 'acme') => {
  const { allowed, policy } = policies.decide({
    principal: { id: 'someone', kind: 'person', roles: [held].flat(), tenant: 'acme' },
    action,
    resource: { tenant, ...(environment !== undefined && { environment }) },
  })
  return `${allowed ? 'yes' : 'no'}: ${policy.id}`
}

const commands: readonly Action[] = ['RequestRun', 'CancelRun']
const reads: readonly Action[] = ['ReadRuns', 'ReadLogs', 'ReadPipelines', 'ReadHistory']

describe('other-tenant', () => {
  test.each(actions)('a tenant-admin has no %s in another tenant', (action) => {
    expect(may('tenant-admin', action, 'dev', 'globex')).toBe('no: other-tenant')
    expect(may('tenant-admin', action, 'dev', 'acme')).toBe('yes: tenant-admin')
  })
})

describe('read-runs-pipelines-history', () => {
  test.each(['viewer', 'developer', 'operator', 'governance', 'auditor'] as const)('a %s reads', (role) => {
    for (const action of reads) expect(may(role, action)).toBe('yes: read-runs-pipelines-history')
  })

  test('a viewer does no more than that, but to see events, approvals, alerts and dead letters', () => {
    const others: readonly Action[] = ['ReadEvents', 'ReadApprovals', 'ReadAlerts', 'ReadDeadLetters']
    for (const action of actions.filter((each) => !reads.includes(each) && !others.includes(each)))
      expect(may('viewer', action, 'dev')).toBe('no: default-deny')
    expect(may('viewer', 'ReadApprovals')).toBe('yes: read-approvals')
  })
})

describe('promote-and-override', () => {
  test.each(['PromotePipeline', 'OverrideManifest'] as const)('%s is for operators everywhere', (action) => {
    for (const environment of ['dev', 'staging', 'prod']) {
      expect(may('operator', action, environment)).toBe('yes: promote-and-override')
      const outside = environment === 'prod' ? 'no: default-deny' : 'yes: promote-and-override-outside-prod'
      expect(may('developer', action, environment)).toBe(outside)
      expect(may('governance', action, environment)).toBe('no: default-deny')
    }
  })
})

describe('who carries out and who decides', () => {
  test('are not the same by role', () => {
    expect(may('operator', 'ReplayRun', 'prod')).toBe('yes: command-replay')
    expect(may('governance', 'ReplayRun', 'prod')).toBe('no: default-deny')
    expect(may('governance', 'DecideApproval')).toBe('yes: decide-approvals')
    expect(may('service', 'DecideApproval')).toBe('no: default-deny')
    expect(may('governance', 'OverrideApproval')).toBe('no: default-deny')
    expect(may('tenant-admin', 'OverrideApproval')).toBe('yes: tenant-admin')
  })
})

describe('read-runs-pipelines-as-service', () => {
  test('a service reads runs and pipelines, and no history', () => {
    expect(may('service', 'ReadRuns')).toBe('yes: read-runs-pipelines-as-service')
    expect(may('service', 'ReadLogs')).toBe('yes: read-runs-pipelines-as-service')
    expect(may('service', 'ReadPipelines')).toBe('yes: read-runs-pipelines-as-service')
    expect(may('service', 'ReadHistory')).toBe('no: default-deny')
  })
})

describe('read-events', () => {
  test.each(['viewer', 'developer', 'operator', 'governance', 'auditor', 'service'] as const)(
    'a %s follows events',
    (role) => {
      expect(may(role, 'ReadEvents')).toBe('yes: read-events')
    },
  )
})

describe('read-access-records', () => {
  test.each(['governance', 'auditor'] as const)('a %s sees who called what', (role) => {
    expect(may(role, 'ReadAccess')).toBe('yes: read-access-records')
  })

  test.each(['viewer', 'developer', 'operator', 'service'] as const)('a %s does not', (role) => {
    expect(may(role, 'ReadAccess')).toBe('no: default-deny')
  })
})

describe('open-personal-values', () => {
  test('an auditor learns who a pseudonym is', () => {
    expect(may('auditor', 'OpenPersonalValues')).toBe('yes: open-personal-values')
  })

  test.each(['viewer', 'developer', 'operator', 'governance', 'service'] as const)('a %s does not', (role) => {
    expect(may(role, 'OpenPersonalValues')).toBe('no: default-deny')
  })
})

describe.each(commands)('%s', (command) => {
  test.each(['operator', 'service'] as const)('command-runs: by a %s in every environment', (role) => {
    for (const environment of ['dev', 'staging', 'prod', undefined])
      expect(may(role, command, environment)).toBe('yes: command-runs')
  })

  test.each(['viewer', 'governance', 'auditor'] as const)('command-runs: not by a %s', (role) => {
    expect(may(role, command, 'dev')).toBe('no: default-deny')
  })

  test('command-runs-outside-prod: by a developer where the environment is not prod, or unknown', () => {
    for (const environment of ['dev', 'staging', undefined])
      expect(may('developer', command, environment)).toBe('yes: command-runs-outside-prod')
    expect(may('developer', command, 'prod')).toBe('no: default-deny')
  })
})

describe('tenant-admin', () => {
  test.each(actions)(
    'a tenant-admin has %s everywhere within the tenant, and without the role nobody has',
    (action) => {
      expect(may('tenant-admin', action, 'prod')).toBe('yes: tenant-admin')
      expect(may([], action, 'dev')).toBe('no: default-deny')
    },
  )
})

test('of several policies that permit, the first by id is named', () => {
  expect(may(['tenant-admin', 'operator', 'developer'], 'RequestRun', 'dev')).toBe('yes: command-runs')
  expect(may(['tenant-admin', 'developer'], 'RequestRun', 'prod')).toBe('yes: tenant-admin')
})

test('a role that nobody knows is none', () => {
  expect(may(['root' as Role], 'ReadRuns')).toBe('no: default-deny')
})

test('every decision carries the version of the files', () => {
  const decision = policies.decide({
    principal: { id: 'x', kind: 'person', roles: [], tenant: 'acme' },
    action: 'ReadRuns',
    resource: { tenant: 'acme' },
  })
  expect(decision.policy.version).toBe(policies.version)
})
