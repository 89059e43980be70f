import { describe, expect, test } from 'vitest'
import { contractDecider } from '../../src/domain/contract/decide.ts'
import { type Compatibility, type ContractEvent, parseContractRef } from '../../src/domain/contract/events.ts'
import { must, parseContractName } from '../../src/domain/ids.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { sentences } from '../support/decider.ts'
import * as e from '../support/run-events.ts'

const rows = (properties: JsonObject, required: string[] = [], more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required,
  ...more,
})
const _closed = { additionalProperties: false }
const a = { a: { type: 'string' } }

const name = must(parseContractName('routes'), 'contract name')
const command = (version: string, schema: JsonObject, compatibility: Compatibility | null = null) => ({
  type: 'RegisterContract' as const,
  name,
  version,
  schema,
  schemaHash: JSON.stringify(schema),
  compatibility,
})
const event = (number: number, version: string, schema: JsonObject, compatibility: Compatibility = 'backward') => {
  const data = { name, number, version, schema, schemaHash: JSON.stringify(schema), compatibility }
  return { type: 'ContractRegistered', data } satisfies ContractEvent
}
const { given } = sentences(contractDecider)
const first = event(1, 'v1', rows(a))
const breaking = rows({ ...a, b: {} }, ['b'])

describe('a contract', () => {
  test('begins with a version that the next ones must be able to read', () =>
    given()
      .when(command('v1', rows(a)))
      .thenHappens(first))
  test('has a version once: the same again is nothing', () =>
    given(first)
      .when(command('v1', rows(a)))
      .thenNothing())
  test('never changes a version', () =>
    given(first)
      .when(command('v1', rows({})))
      .thenRejects('CONTRACT_VERSION_EXISTS'))
  test('takes no version that breaks the one before', () =>
    given(first).when(command('v2', breaking)).thenRejects('CONTRACT_INCOMPATIBLE'))
  test('takes any version that says that it keeps to nothing', () =>
    given(first)
      .when(command('v2', breaking, 'none'))
      .thenHappens(event(2, 'v2', breaking, 'none')))
  test('goes on with the mode of the version before', () =>
    given(first, event(2, 'v2', rows(a), 'full'))
      .when(command('v3', breaking))
      .thenRejects('CONTRACT_INCOMPATIBLE'))
})

describe('a change that has to be approved', () => {
  const approval = e.needed
  const { approvalId, commandHash } = approval
  const asked = { ...command('v2', rows(a)), approval }
  const { type: _, ...data } = command('v2', rows(a))
  const change = { ...data, number: 2, compatibility: 'backward' as const }
  const waits: ContractEvent = { type: 'ContractChangeRequested', data: { ...change, approval } }
  const release = { type: 'ReleaseContractChange' as const, name, approvalId, commandHash }
  const refusedWith = (reason: string): ContractEvent => ({
    type: 'ContractChangeRefused',
    data: { ...change, approvalId, reason },
  })

  test('waits, and is registered once it is approved', () => {
    given(first).when(asked).thenHappens(waits)
    given(first, waits)
      .when(release)
      .thenHappens({ type: 'ContractRegistered', data: { ...change, approvalId } })
  })
  test('is none where there was no version before', () => {
    given()
      .when({ ...command('v1', rows(a)), approval })
      .thenHappens(first)
  })
  test('keeps others from being asked for until it is decided', () => {
    const other = { ...command('v3', rows(a)), approval }
    given(first, waits).when(other).thenRejects('APPROVAL_PENDING')
    given(first, waits, refusedWith('no'))
      .when(other)
      .thenHappens({
        type: 'ContractChangeRequested',
        data: { ...change, version: 'v3', schemaHash: other.schemaHash, approval },
      })
  })
  test('is refused with the reason, once', () => {
    const refuse = { type: 'RefuseContractChange' as const, name, approvalId, reason: 'no' }
    given(first, waits).when(refuse).thenHappens(refusedWith('no'))
    given(first, waits, refusedWith('no')).when(refuse).thenNothing()
    given(first, waits, refusedWith('no')).when(release).thenNothing()
  })
  test('is not registered by the approval of another command, nor by another approval', () => {
    given(first, waits)
      .when({ ...release, commandHash: 'ff'.repeat(32) })
      .thenRejects('APPROVAL_MISMATCH')
    given(first, waits)
      .when({ ...release, approvalId: 'another' })
      .thenNothing()
  })
  test('is refused when what was registered meanwhile stands against it', () => {
    const meanwhile = event(2, 'v2', rows({ ...a, b: {} }))
    given(first, waits, meanwhile)
      .when(release)
      .thenHappens(
        refusedWith("contract 'routes' has a version v2 already, and a version never changes; give it a new label"),
      )
  })
})

test('a reference is a name and a version', () => {
  expect(parseContractRef('routes@v3.2')).toEqual({ name: 'routes', version: 'v3.2' })
  for (const wrong of ['routes', 'routes@', '@v1', 'Routes@v1', 'a@b@c', 'routes@v 1']) {
    expect(parseContractRef(wrong)).toBeUndefined()
  }
})
