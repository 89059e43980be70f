import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { approvalWork } from '../../projections/approval-work.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { MayStill } from '../app/ports/approvals.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Policies } from '../auth/policy.ts'
import { roles } from '../auth/principal.ts'
import type { Config } from '../config.ts'
import { type ApprovalRule, approvable, defaultApprovalRules, requiredBy } from '../domain/approval/rules.ts'
import { environments } from '../domain/pipeline/environments.ts'
import { StartError } from '../host/data-dir.ts'
import type { ApprovalPolicy } from '../http/services.ts'
import type { Follower } from '../ledger/follower.ts'
import { Approvals } from '../processes/approvals.ts'
import type { Stop } from './stop.ts'

const rulesFile = z.strictObject({
  rules: z.array(
    z.strictObject({
      command: z.enum(approvable),
      environments: z.array(z.enum(environments)).min(1).nullable().default(null),
      required: z
        .array(z.strictObject({ role: z.enum(roles), count: z.int().min(1).max(20) }))
        .min(1, 'name one role at least; leave the rule out where nobody has to approve'),
    }),
  ),
})

/** The rules of APPROVALS_FILE (YAML or JSON), or the default ones. Throws StartError that names the field. */
export const readApprovalRules = async (path: string | null): Promise<readonly ApprovalRule[]> => {
  if (path === null) return defaultApprovalRules
  let content: unknown
  try {
    content = parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new StartError(`APPROVALS_FILE ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const parsed = rulesFile.safeParse(content)
  if (parsed.success) return parsed.data.rules
  const [issue] = parsed.error.issues
  const where = [`APPROVALS_FILE ${path}`, issue?.path.join('.') ?? ''].filter((part) => part !== '')
  throw new StartError(`${where.join(': ')}: ${issue?.message}`)
}

interface Parts {
  commands: CommandHandler
  views: ReadDb
  policies: Pick<Policies, 'decide'>
  log: Log
  head(): Promise<bigint>
}

/** Who carries out what was approved. It follows the ledger; `start` is for when the views are current. */
export const composeApprovals = async (config: Config, { views, policies, ...parts }: Parts, follower: Follower) => {
  const rules = await readApprovalRules(config.approvalsFile)
  const mayStill: MayStill = (tenant, { pseudonym, kind, roles: held }, action, environment) => {
    const known = roles.filter((role) => held.includes(role))
    const principal = { id: pseudonym, kind, roles: known, tenant }
    return policies.decide({ principal, action, resource: { tenant, ...(environment ? { environment } : {}) } }).allowed
  }
  const manager = new Approvals({ ...parts, work: approvalWork(views), mayStill, nowMs: Date.now })
  follower.add(manager)
  const policy: ApprovalPolicy = {
    needed: (command, environment, at) => ({
      required: requiredBy(rules, command, environment),
      expiresAt: new Date(Date.parse(at) + config.approvalWaitMs).toISOString(),
    }),
  }
  const start = async (): Promise<Stop> => {
    await manager.start()
    return () => manager.stop()
  }
  return { policy, start }
}
