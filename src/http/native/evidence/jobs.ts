import type { Context } from 'hono'
import { z } from 'zod'
import type { ChainFileMade, EvidenceJob } from '../../../app/ports/evidence-jobs.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Env } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import { demand, mayDo } from '../../permission.ts'
import type { Services } from '../../services.ts'
import { acceptsGzip, gzip, markUnsealed, whenSealed } from './common.ts'
import { job, jobList, periodQuery } from './schemas.ts'

const chainType = 'application/vnd.ledgerline.evidence-chain'

const shared = { action: 'ReadEvidence', kind: 'query', recordedFirst: true } as const
const ofOne = { parameters: { job_id: "the job's id" }, codes: ['EVIDENCE_JOB_NOT_FOUND'] } as const

/** `/evidence/jobs`: periods that are too long for one bundle, as chains of bundles. */
export const jobOperations = (services: Services): Operation[] => [
  ask(services),
  list(services),
  show(services),
  file(services),
  remove(services),
]

const ask = (services: Services): Operation =>
  operation({
    ...shared,
    method: 'post',
    path: '/jobs',
    summary: 'Has the evidence of a period of any length made, as a chain of bundles',
    parameters: {},
    body: periodQuery,
    answers: { 202: { description: 'the job; Location is where it is asked about', schema: job } },
    codes: ['LOG_NOT_FOUND', 'EVIDENCE_JOBS_FULL', 'UNAVAILABLE'],
    handle: async (c, { body: { from, to, type = null, log } }) => {
      const { evidence, evidenceJobs } = services
      if (log === 'access') demand(c, services, 'ReadAccess')
      const { tenant } = c.get('principal')
      if (!(await whenSealed(c, log, evidence.newest(tenant, log)))) {
        throw new Rejection('LOG_NOT_FOUND', 'nothing has been sealed yet')
      }
      const asked = await evidenceJobs.ask(tenant, log, { from, to, types: type })
      c.header('Location', hrefOf(asked))
      return c.json(shown(asked, services), 202)
    },
  })

const list = (services: Services): Operation =>
  operation({
    ...shared,
    method: 'get',
    path: '/jobs',
    summary: 'The jobs for evidence that this replica keeps, the earliest first',
    parameters: {},
    answers: { 200: { description: 'the jobs; those of calls, for who may read calls', schema: jobList } },
    codes: [],
    handle: async (c) => {
      const jobs = await services.evidenceJobs.list(c.get('principal').tenant)
      const mayReadAccess = mayDo(c, services, 'ReadAccess').allowed
      const visible = jobs.filter(({ log }) => log !== 'access' || mayReadAccess)
      return c.json({ jobs: visible.map((each) => shown(each, services)), bounds: boundsOf(services) })
    },
  })

const show = (services: Services): Operation =>
  operation({
    ...shared,
    ...ofOne,
    method: 'get',
    path: '/jobs/{job_id}',
    summary: 'How far a job for evidence is',
    answers: { 200: { description: 'the job', schema: job } },
    handle: async (c) => c.json(shown(await found(c, services), services)),
  })

const file = (services: Services): Operation =>
  operation({
    ...shared,
    ...ofOne,
    method: 'get',
    path: '/jobs/{job_id}/file',
    summary: 'The result of a job for evidence: a bundle on each line',
    answers: {
      200: { description: 'the chain; as gzip on request', schema: z.string(), type: chainType },
    },
    codes: [...ofOne.codes, 'EVIDENCE_JOB_NOT_DONE'],
    handle: async (c) => {
      const asked = await found(c, services)
      if (!asked.result) {
        const message = asked.status === 'failed' ? `the job failed: ${asked.failure?.message}` : 'the job is not done'
        throw new Rejection('EVIDENCE_JOB_NOT_DONE', message, { job_status: asked.status })
      }
      setHeaders(c, services, asked, asked.result)
      if (c.req.method === 'HEAD') return c.body(null)
      const stream = await services.evidenceJobs.open(asked)
      if (!stream) throw noJob()
      if (acceptsGzip(c)) return c.body(gzip(c, stream))
      c.header('Content-Length', String(asked.result.bytes))
      return c.body(stream)
    },
  })

const remove = (services: Services): Operation =>
  operation({
    ...shared,
    ...ofOne,
    method: 'delete',
    path: '/jobs/{job_id}',
    summary: 'Removes a job for evidence and its result; one that is not done is ended',
    answers: { 204: { description: 'it is removed', schema: z.null() } },
    handle: async (c) => {
      const { id, tenant } = await found(c, services)
      if (!(await services.evidenceJobs.remove(tenant, id))) throw noJob()
      return c.body(null, 204)
    },
  })

/** The job that the path names, if the caller may read what it is about. */
const found = async (c: Context<Env>, services: Services): Promise<EvidenceJob> => {
  const { job_id: id = '' } = c.get('params')
  const asked = await services.evidenceJobs.get(c.get('principal').tenant, id)
  if (!asked) throw noJob()
  if (asked.log === 'access') demand(c, services, 'ReadAccess')
  return asked
}

const noJob = () =>
  new Rejection('EVIDENCE_JOB_NOT_FOUND', 'this replica has no such job; those that are done are kept for a while')

/** As for a bundle: within which bounds it holds. */
const setHeaders = (c: Context<Env>, services: Services, { tenant, log }: EvidenceJob, made: ChainFileMade): void => {
  const { first, size, parts, begin, end } = made
  markUnsealed(c, services, log)
  c.header('Content-Type', chainType)
  c.header('Content-Disposition', `attachment; filename="${tenant}-${log}-${first}-${size}.evidence-chain"`)
  c.header('Evidence-Begin', begin ?? 'beginning')
  c.header('Evidence-End', end)
  c.header('Evidence-Leaves', String(size - first))
  c.header('Evidence-Parts', String(parts))
  c.header('Vary', 'Accept-Encoding')
}

const hrefOf = ({ id }: EvidenceJob): string => `/evidence/jobs/${id}`

const shown = (each: EvidenceJob, services: Services): z.input<typeof job> => {
  const { id, status, log, asked, createdAt, finishedAt, expiresAt, progress, result, failure } = each
  return {
    ...{ id, status, log, from: asked.from, to: asked.to, types: asked.types && [...asked.types] },
    ...{ created_at: createdAt, finished_at: finishedAt, expires_at: expiresAt },
    progress: progress && {
      leaves_done: progress.leavesDone,
      leaves_total: progress.leavesTotal,
      parts: progress.parts,
    },
    result: result && {
      ...{ href: `${hrefOf(each)}/file`, media_type: chainType, bytes: result.bytes, parts: result.parts },
      ...{ leaves: result.size - result.first, begin: result.begin, end: result.end },
    },
    failure,
    bounds: boundsOf(services),
  }
}

const boundsOf = ({ evidenceJobs }: Services): z.input<typeof job>['bounds'] => {
  const { jobsMax, bytesMax, keepMs, partLeavesMax } = evidenceJobs.bounds
  return { jobs_max: jobsMax, bytes_max: bytesMax, keep_seconds: keepMs / 1_000, part_leaves_max: partLeavesMax }
}
