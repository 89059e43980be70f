import type { Context } from 'hono'
import { contracts } from '../../../../app/contracts.ts'
import { sarifOf } from '../../../../app/sarif.ts'
import { parseContractName } from '../../../../domain/ids.ts'
import type { Env } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { manifestBody, validation } from './schemas.ts'

const sarifType = 'application/sarif+json'

/** Made for CI: nothing is written, and nothing runs. */
export const validateOperation = ({ commands, validateManifest }: Services): Operation =>
  operation({
    method: 'post',
    path: '/validate',
    summary: 'All that is wrong with a manifest: where, which rule, how bad; as SARIF 2.1.0 where Accept asks for it',
    action: 'ReadPipelines',
    kind: 'query',
    parameters: {},
    body: manifestBody,
    answers: {
      200: { description: 'the findings; valid where none is an error', schema: validation, or: [sarifType] },
    },
    codes: [],
    handle: async (c, { body: { manifest } }) => {
      const { tenant } = c.get('principal')
      const findings = await validateManifest(manifest, async (said, version) => {
        const name = parseContractName(said)
        if (name === undefined) return undefined
        const { state } = await commands.load(contracts, tenant, name)
        return state.versions.find((each) => each.version === version)?.schema
      })
      c.header('Vary', 'Accept')
      if (wantsSarif(c))
        return c.body(JSON.stringify(sarifOf([{ file: 'manifest', findings }])), 200, { 'Content-Type': sarifType })
      return c.json({ valid: findings.every(({ severity }) => severity !== 'error'), findings })
    },
  })

const wantsSarif = (c: Context<Env>): boolean =>
  (c.req.header('accept') ?? '').split(',').some((part) => part.split(';')[0]?.trim().toLowerCase() === sarifType)
