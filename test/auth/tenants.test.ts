import { expect, test } from 'vitest'
import { chooseTenant } from '../../src/auth/choose-tenant.ts'
import { TenantDirectory } from '../../src/auth/tenants.ts'
import { tenantOf } from '../support/ids.ts'
import { refusalOf } from './signing.ts'

const acme = 'aaaaaaaa-0000-4000-8000-00000000000a'
const other = 'bbbbbbbb-0000-4000-8000-00000000000b'
const unknown = 'cccccccc-0000-4000-8000-00000000000c'
const directory = new TenantDirectory(
  new Map([
    [acme, 'acme'],
    [other, 'other'],
  ]),
)
const granted = (...names: string[]) => ({ tenants: names.map(tenantOf) })
const choose = (names: string[], header: string | undefined, required: boolean) =>
  chooseTenant(granted(...names), header, directory, required)

test('a directory knows tenants by UUID, in any case, and UUIDs by tenant', () => {
  expect(directory.byUuid(acme.toUpperCase())).toBe('acme')
  expect(directory.uuidOf(tenantOf('other'))).toBe(other)
  expect([directory.byUuid(unknown), directory.uuidOf(tenantOf('nobody'))]).toEqual([undefined, undefined])
})

test.each([
  [['acme'], undefined, false, 'acme'],
  [['nowhere'], undefined, false, 'nowhere'],
  [['acme'], acme, false, 'acme'],
  [['acme', 'other'], other, false, 'other'],
  [['acme'], acme, true, 'acme'],
  [['acme', 'other'], acme.toUpperCase(), true, 'acme'],
])('of %j, with the header %s (required: %s), %s is chosen', (names, header, required, chosen) => {
  expect(choose(names, header, required)).toBe(chosen)
})

const isRequired = 'VALIDATION_FAILED: X-Tenant-ID: required'
const isNoUuid = 'VALIDATION_FAILED: X-Tenant-ID: must be a UUID'
const isForbidden = 'FORBIDDEN: the token does not grant this tenant'
test.each([
  [['acme'], undefined, true, isRequired],
  [['acme', 'other'], undefined, false, isRequired],
  [['acme'], 'acme', true, isNoUuid],
  [['acme'], 'acme', false, isNoUuid],
  [['acme'], '', true, isNoUuid],
  [['acme'], `${acme}0`, true, isNoUuid],
  [['acme'], other, true, isForbidden],
  [['acme'], other, false, isForbidden],
  [['acme'], unknown, true, isForbidden],
])('of %j, the header %s (required: %s) is refused', async (names, header, required, refusal) => {
  expect(await refusalOf(() => choose(names, header, required))).toBe(refusal)
})

test('what is wrong with the header names the header', () => {
  expect(() => choose(['acme'], undefined, true)).toThrow(
    expect.objectContaining({ details: { field: 'X-Tenant-ID' } }),
  )
})
