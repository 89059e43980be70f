import type { Context } from 'hono'
import type { z } from 'zod'
import { listContracts, versionsOfContract } from '../../../../../projections/contracts.ts'
import { sha256Hex } from '../../../../app/context.ts'
import { contracts, registerContract } from '../../../../app/contracts.ts'
import { canonicalJson } from '../../../../domain/canonical-json.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { incompatibilities } from '../../../../domain/contract/compatibility.ts'
import { type Contract, changeOf, compatibilityOf, newestVersion } from '../../../../domain/contract/decide.ts'
import type { ContractVersion } from '../../../../domain/contract/events.ts'
import { type ContractName, parseContractName } from '../../../../domain/ids.ts'
import type { JsonObject } from '../../../../domain/json.ts'
import { shownApproval } from '../../../approval-needed.ts'
import { commandContext, type Env, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { dryRunQuery } from '../manifests/schemas.ts'
import {
  checkAnswer,
  checkBody,
  contractAnswer,
  contractList,
  contractVersion,
  registerBody,
  registered,
} from './schemas.ts'

/** `/pipelines/contracts`: what tables promise, in versions. */
export const contractOperations = (services: Services): Operation[] => [
  list(services),
  register(services),
  look(services),
  lookAtVersion(services),
  check(services),
]

const read = { action: 'ReadPipelines', kind: 'query' } as const
const parameters = { name: "the contract's name" }

const list = ({ reads, views }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/contracts',
    summary: 'The contracts in their newest versions',
    parameters: {},
    answers: { 200: { description: 'all contracts of the tenant, by name', schema: contractList } },
    codes: [],
    handle: async (c) => {
      await reads.beforeRead(c)
      return c.json({ contracts: listContracts(views, c.get('principal').tenant) })
    },
  })

const register = ({ commands, approvals, contractSchemas, reads, nowMs }: Services): Operation =>
  operation({
    method: 'post',
    path: '/contracts',
    summary: 'Register a version of a contract: compatible with the one before, and approved where a rule wants it',
    action: 'WriteContract',
    kind: 'command',
    parameters: {},
    query: dryRunQuery,
    body: registerBody,
    answers: {
      200: { description: 'it awaits approval, is registered already, or, in a dry run, could be', schema: registered },
      201: { description: 'the version was registered', schema: registered },
    },
    codes: ['CONTRACT_VERSION_EXISTS', 'CONTRACT_INCOMPATIBLE', 'APPROVAL_PENDING'],
    handle: async (
      c,
      { query: { dry_run: dryRun }, body: { name, version, compatibility = null, reason, ...body } },
    ) => {
      const schema = schemaIn(contractSchemas, body.schema)
      const schemaHash = hashOf(schema)
      const asked = { type: 'RegisterContract' as const, name, version, schema, schemaHash, compatibility }
      const said = { name, version, schemaHash, compatibility, ...(reason === undefined ? {} : { reason }) }
      const context = commandContext(c, 'governance', said, nowMs())
      const needed = approvals.needed('ChangeContract', null, context.at)
      if (dryRun) {
        const { state } = await commands.load(contracts, context.tenant, name)
        const change = changeOf(asked, state)
        const approval = change && newestVersion(state) ? shownApproval({ ...needed, approvalId: null }) : null
        return c.json(answer(change ?? versionOf(state, name, version), { name, change, approval, dryRun }))
      }
      const given = withReason(context, reason)
      const handled = await registerContract(commands, asked, needed, given)
      reads.wrote(c, handled)
      const [first] = handled.events
      if (first?.event?.type === 'ContractChangeRequested') {
        const change = first.event.data
        return c.json(answer(change, { name, change, approval: shownApproval(change.approval), dryRun }))
      }
      const found = versionOf(handled.state, name, version)
      c.header('Location', `/pipelines/contracts/${name}/versions/${version}`)
      return c.json(answer(found, { name, change: first && found, approval: null, dryRun }), first ? 201 : 200)
    },
  })

const look = (services: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/contracts/{name}',
    summary: 'The newest schema of a contract, and all its versions, oldest first',
    parameters,
    answers: { 200: { description: 'the contract', schema: contractAnswer } },
    codes: ['CONTRACT_NOT_FOUND'],
    handle: async (c) => {
      await services.reads.beforeRead(c)
      const { name, newest } = await contractIn(c, services)
      const rows = versionsOfContract(services.views, c.get('principal').tenant, name)
      return c.json({ name, schema: newest.schema, versions: rows.map(({ name: _, ...row }) => row) })
    },
  })

const lookAtVersion = (services: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/contracts/{name}/versions/{version}',
    summary: 'A version of a contract, with its schema',
    parameters: { ...parameters, version: "the version's label" },
    answers: { 200: { description: 'the version', schema: contractVersion } },
    codes: ['CONTRACT_NOT_FOUND'],
    handle: async (c) => {
      const { name, state } = await contractIn(c, services)
      const found = versionOf(state, name, c.get('params').version ?? '')
      return c.json({ ...shown(name, found), schema: found.schema })
    },
  })

const check = (services: Services): Operation =>
  operation({
    ...read,
    method: 'post',
    path: '/contracts/{name}/check',
    summary: 'Whether a schema could be the next version of a contract, and all that stands against it',
    parameters,
    body: checkBody,
    answers: { 200: { description: 'the findings; none where it is compatible', schema: checkAnswer } },
    codes: ['CONTRACT_NOT_FOUND'],
    handle: async (c, { body }) => {
      const schema = schemaIn(services.contractSchemas, body.schema)
      const { state, newest } = await contractIn(c, services)
      const compatibility = compatibilityOf(state, body.compatibility ?? null)
      const findings = incompatibilities(newest.schema, schema, compatibility)
      return c.json({ compatible: findings.length === 0, compatibility, against: newest.version, findings })
    },
  })

const hashOf = (schema: JsonObject): string => sha256Hex(canonicalJson(schema))

/** Throws VALIDATION_FAILED that names the first place and says how many there are. */
const schemaIn = (schemas: Services['contractSchemas'], given: JsonObject): JsonObject => {
  const found = schemas.read(given)
  if ('schema' in found) return found.schema
  const [problem, ...more] = found.problems
  const field = ['schema', problem?.path].filter(Boolean).join('.')
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  throw new Rejection('VALIDATION_FAILED', `${field}: ${problem?.message ?? 'is no schema'}${others}`, { field })
}

/** Read from the ledger, so that it is what a registration would be decided on. */
const contractIn = async (
  c: Context<Env>,
  { commands }: Services,
): Promise<{ name: ContractName; state: Contract; newest: ContractVersion }> => {
  const { name: asked = '' } = c.get('params')
  const name = parseContractName(asked)
  const { state } = name ? await commands.load(contracts, c.get('principal').tenant, name) : { state: undefined }
  const newest = state && newestVersion(state)
  if (name !== undefined && state && newest) return { name, state, newest }
  throw new Rejection('CONTRACT_NOT_FOUND', `contract '${asked}' not found`)
}

const versionOf = (state: Contract, name: string, version: string): ContractVersion => {
  const found = state.versions.find((each) => each.version === version)
  if (found) return found
  throw new Rejection('CONTRACT_NOT_FOUND', `contract '${name}' has no version '${version}'`)
}

const shown = (name: string, { number, version, schemaHash, compatibility }: ContractVersion) => ({
  name,
  number,
  version,
  schema_hash: schemaHash,
  compatibility,
})

type Answer = z.input<typeof registered>

interface Came {
  name: string
  /** What has changed, or would; null where it was there already. */
  change: ContractVersion | null | undefined
  approval: Answer['approval']
  dryRun: boolean
}

const answer = (version: ContractVersion, { name, change, approval, dryRun }: Came): Answer => ({
  ...shown(name, version),
  changed: Boolean(change) && !approval,
  status: approval ? 'awaiting_approval' : change ? 'registered' : 'unchanged',
  approval,
  dry_run: dryRun,
})
