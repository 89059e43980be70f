import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Rejection } from '../../src/domain/codes.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { jobsWorld as world } from './jobs-world.ts'

describe('a job', () => {
  test('tells how far it is, and serves nothing before it is whole', async () => {
    const { ask, begun, jobs, textOf, stateOf } = await world()
    const { id, status } = await ask()
    expect(status).toBe('queued')
    const work = await begun(0)
    work.progress({ leavesDone: 5, leavesTotal: 10, parts: 1 })
    expect(await jobs.get(tenant, id)).toMatchObject({ status: 'running', progress: { leavesDone: 5, parts: 1 } })
    expect(await textOf(id)).toBeNull()
    work.resolve()
    await jobs.idle()
    expect(await stateOf(id)).toBe('done')
    expect(await textOf(id)).toBe('xxxxxxx')
  })

  test('is made after those before it, one at a time', async () => {
    const { ask, begun, started, jobs, stateOf } = await world()
    const [first, second] = [await ask(), await ask(otherTenant)]
    const work = await begun(0)
    expect([await stateOf(first.id), started.length]).toEqual(['running', 1])
    expect((await jobs.get(otherTenant, second.id))?.status).toBe('queued')
    work.resolve()
    ;(await begun(1)).resolve()
    await jobs.idle()
    expect((await jobs.get(otherTenant, second.id))?.status).toBe('done')
  })

  test('that fails says why, without what is internal, and leaves nothing half made', async () => {
    const { ask, begun, jobs, left, log } = await world()
    const [first, second] = [await ask(), await ask()]
    ;(await begun(0)).reject(new Rejection('UNAVAILABLE', 'no checkpoint covers this yet'))
    ;(await begun(1)).reject(new Error('at /secret/path'))
    await jobs.idle()
    expect((await jobs.get(tenant, first.id))?.failure).toEqual({
      code: 'UNAVAILABLE',
      message: 'no checkpoint covers this yet',
    })
    expect((await jobs.get(tenant, second.id))?.failure).toEqual({
      code: 'INTERNAL',
      message: 'the server failed at this job',
    })
    expect(log.lines).toEqual(['error: a job of evidence failed'])
    expect(left().sort()).toEqual([`${first.id}.json`, `${second.id}.json`].sort())
  })

  test("is no other tenant's", async () => {
    const { ask, begun, jobs } = await world()
    const { id } = await ask()
    ;(await begun(0)).resolve()
    await jobs.idle()
    expect(await jobs.get(otherTenant, id)).toBeNull()
    expect(await jobs.list(otherTenant)).toEqual([])
    expect(await jobs.remove(otherTenant, id)).toBe(false)
    expect((await jobs.list(tenant)).map((job) => job.id)).toEqual([id])
  })
})

describe('removing a job', () => {
  test('ends one that is being made, and the next one begins', async () => {
    const { ask, begun, jobs, stateOf, left } = await world()
    const [first, second] = [await ask(), await ask()]
    const { signal } = await begun(0)
    expect(await jobs.remove(tenant, first.id)).toBe(true)
    expect(signal.aborted).toBe(true)
    ;(await begun(1)).resolve()
    await jobs.idle()
    expect([await stateOf(first.id), await stateOf(second.id)]).toEqual([undefined, 'done'])
    expect(left().sort()).toEqual([`${second.id}.chain`, `${second.id}.json`])
  })

  test('keeps one that waits from being made', async () => {
    const { ask, begun, started, jobs } = await world()
    const [, second] = [await ask(), await ask()]
    await jobs.remove(tenant, second.id)
    ;(await begun(0)).resolve()
    await jobs.idle()
    expect(started).toHaveLength(1)
  })

  test('removes the result; who reads it reads on', async () => {
    const { ask, begun, jobs, left } = await world()
    const job = await ask()
    ;(await begun(0)).resolve()
    await jobs.idle()
    const stream = await jobs.open({ ...job, status: 'done' })
    expect(await jobs.remove(tenant, job.id)).toBe(true)
    expect(left()).toEqual([])
    expect(await new Response(stream).text()).toBe('xxxxxxx')
  })
})

describe('what is kept', () => {
  test('is so many jobs of a tenant', async () => {
    const { ask, jobs } = await world()
    const all = [await ask(), await ask(), await ask()]
    await expect(ask()).rejects.toMatchObject({ code: 'EVIDENCE_JOBS_FULL', details: { jobs_max: 3 } })
    expect((await ask(otherTenant)).status).toBe('queued')
    await jobs.remove(tenant, all[1]?.id ?? '')
    expect((await ask()).status).toBe('queued')
  })

  test('is so many bytes of a tenant: a chain may have what is left', async () => {
    const { ask, begun, jobs } = await world()
    await ask()
    await ask()
    const first = await begun(0)
    expect(first.bytesMax).toBe(20)
    first.resolve(7)
    const second = await begun(1)
    expect(second.bytesMax).toBe(13)
    second.resolve(13)
    await jobs.idle()
    await expect(ask()).rejects.toMatchObject({ code: 'EVIDENCE_JOBS_FULL', details: { bytes_max: 20 } })
  })

  test('is kept for so long', async () => {
    const { ask, begun, jobs, nowMs, left } = await world()
    const { id } = await ask()
    ;(await begun(0)).resolve()
    await jobs.idle()
    expect((await jobs.get(tenant, id))?.expiresAt).toBe(new Date(1_000).toISOString())
    nowMs.now = 999
    expect(await jobs.list(tenant)).toHaveLength(1)
    nowMs.now = 1_000
    expect(await jobs.list(tenant)).toEqual([])
    expect(left()).toEqual([])
  })
})

describe('after a restart', () => {
  test('what was done is there, and what was not has failed and says so', async () => {
    const before = await world()
    const [first, second, third] = [await before.ask(), await before.ask(), await before.ask()]
    ;(await before.begun(0)).resolve()
    await before.begun(1)
    await before.jobs.stop()
    const after = await world(before.dir)
    expect((await after.jobs.list(tenant)).map(({ id, status }) => [id, status]).sort()).toEqual(
      [
        [first.id, 'done'],
        [second.id, 'failed'],
        [third.id, 'failed'],
      ].sort(),
    )
    expect(await after.textOf(first.id)).toBe('xxxxxxx')
    const failure = { code: 'UNAVAILABLE', message: 'the service was restarted before the job was done; ask again' }
    expect((await after.jobs.get(tenant, third.id))?.failure).toEqual(failure)
  })

  test('what is half made, cut, damaged or of nobody is gone', async () => {
    const before = await world()
    const [cut, damaged] = [await before.ask(), await before.ask()]
    ;(await before.begun(0)).resolve()
    ;(await before.begun(1)).resolve()
    await before.jobs.idle()
    await before.jobs.stop()
    const path = (name: string) => join(before.dir, name)
    writeFileSync(path(`${cut.id}.chain`), 'xx')
    writeFileSync(path(`${damaged.id}.json`), '{')
    for (const name of ['lost.chain', 'lost.part']) writeFileSync(path(name), 'x')
    const after = await world(before.dir)
    expect(await after.jobs.list(tenant)).toEqual([])
    expect(after.left()).toEqual([])
    expect(after.log.lines.filter((line) => line.includes('damaged'))).toHaveLength(2)
  })
})

test('its files are for their owner only', async () => {
  const { ask, dir } = await world()
  const { id } = await ask()
  expect(statSync(join(dir, `${id}.json`)).mode & 0o077).toBe(0)
})
