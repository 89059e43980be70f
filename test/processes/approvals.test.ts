import { describe, expect, test } from 'vitest'
import { openApprovalsOf } from '../../projections/approval-queries.ts'
import { approvals, runs } from '../../src/app/aggregates.ts'
import { approvedCommand } from '../../src/app/request-run.ts'
import type { RunRequested } from '../../src/domain/run/events.ts'
import { speaker } from '../support/approvals.ts'
import { openApproving } from '../support/approving.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenant } from '../support/ids.ts'
import { atTime, needed, requestOf } from '../support/run-events.ts'

const opened = ['ApprovalRequested']
const wentOn = [...opened, 'ApprovalGranted', 'ApprovalConsumed']

describe('a run that asks for approval', () => {
  test('has one opened for the very command that it asked with, and waits', async () => {
    const { ledger, manager, ask, seen, stateOf, approvalIdOf, runTypes } = await openApproving()
    const { events } = await ask('r')
    await seen(manager())
    const { requested, status } = await stateOf('r')
    if (!requested) throw new Error('it was not requested')
    const [asked] = ledger.stream(`approval-${tenant}.${await approvalIdOf('r')}`)
    expect(asked).toMatchObject({
      event: {
        data: {
          ...approvedCommand(requested),
          target: { kind: 'run', id: 'r' },
          requestedBy: { pseudonym: 'alice' },
          required: [{ role: 'governance', count: 1 }],
          expiresAt: atTime(60),
        },
      },
      metadata: { origin: 'approvals', correlationId: 'request-1', causationId: events[0]?.id },
    })
    expect([status, runTypes('r')]).toEqual(['awaiting_approval', ['RunRequested']])
  })

  test('is queued once it is granted, once, in the name of who asked and by its approval', async () => {
    const { ledger, manager, ask, say, seen, approvalIdOf, approvalTypes, runTypes } = await openApproving()
    const managing = manager()
    await ask('r')
    await seen(managing)
    await say('GrantApproval', 'r')
    for (const of of [managing, managing, manager()]) await seen(of)
    expect(await approvalTypes('r')).toEqual(wentOn)
    expect(runTypes('r')).toEqual(['RunRequested', 'RunQueued'])
    expect(ledger.stream(`run-${tenant}.r`).at(-1)?.metadata).toMatchObject({
      actor: { pseudonym: 'alice', roles: ['operator'] },
      approvals: [await approvalIdOf('r')],
      origin: 'approvals',
    })
  })

  test('is not queued by one of two', async () => {
    const { manager, ask, say, seen, runTypes } = await openApproving()
    const managing = manager()
    await ask('r', [{ role: 'governance', count: 2 }])
    await seen(managing)
    await say('GrantApproval', 'r')
    await seen(managing)
    expect(runTypes('r')).toEqual(['RunRequested'])
    await say('GrantApproval', 'r', speaker('carol'))
    await seen(managing)
    expect(runTypes('r')).toEqual(['RunRequested', 'RunQueued'])
  })

  test('is queued when an admin breaks the glass', async () => {
    const { manager, ask, say, seen, approvalTypes, runTypes } = await openApproving()
    await ask('r')
    await seen(manager())
    await say('OverrideApproval', 'r', speaker('ada', ['tenant-admin']))
    await seen(manager())
    expect(await approvalTypes('r')).toEqual([...opened, 'ApprovalOverridden', 'ApprovalConsumed'])
    expect(runTypes('r')).toEqual(['RunRequested', 'RunQueued'])
  })

  test.each(['rejected', 'expired'] as const)('is rejected once it is %s, and its partition is free', async (end) => {
    const { clock, reconciler, manager, ask, say, seen, sweep, stateOf, runTypes, claimTypes } = await openApproving()
    await ask('r')
    await seen(manager())
    if (end === 'rejected') await say('RejectApproval', 'r')
    else clock.second = 60
    await sweep(manager())
    await sweep(manager())
    expect(runTypes('r')).toEqual(['RunRequested', 'RunRejected'])
    expect((await stateOf('r')).status).toBe('rejected')
    await seen(reconciler)
    expect(claimTypes('r')).toEqual(['PartitionClaimed', 'PartitionReleased'])
  })

  test('stays as it is when it was canceled before, and nothing is left to do', async () => {
    const { commands, views, manager, ask, say, seen, sweep, stateOf, pump, approvalTypes } = await openApproving()
    await ask('r')
    await seen(manager())
    await commands.handle(runs, 'r', { type: 'CancelRun', runId: runOf('r') }, contextOf())
    await say('GrantApproval', 'r')
    await seen(manager())
    await sweep(manager())
    expect((await stateOf('r')).status).toBe('canceled')
    await pump.settled()
    expect(openApprovalsOf(views, tenant, 'alice')).toEqual([])
    expect(await approvalTypes('r')).toEqual([...opened, 'ApprovalGranted', 'ApprovalWithdrawn'])
  })

  test.each(['at once', 'by a sweep'])('has its approval withdrawn %s when it is canceled, once', async (how) => {
    const { commands, manager, ask, seen, sweep, approvalTypes, log } = await openApproving()
    const managing = manager()
    await ask('r')
    await seen(managing)
    await commands.handle(runs, 'r', { type: 'CancelRun', runId: runOf('r') }, contextOf())
    for (const of of [managing, managing, manager()]) await (how === 'at once' ? seen(of) : sweep(of))
    expect(await approvalTypes('r')).toEqual([...opened, 'ApprovalWithdrawn'])
    expect(log.lines).toEqual([])
  })

  test('leaves nothing open when it is canceled just before its approval is opened', async () => {
    const { commands, views, clock, log, manager, ask, stateOf, sweep, approvalIdOf, approvalTypes } =
      await openApproving()
    await ask('r')
    const { requested } = await stateOf('r')
    const [approvalId, approval] = [await approvalIdOf('r'), requested?.approval]
    if (!requested || !approval) throw new Error('it did not ask for approval')
    await commands.handle(runs, 'r', { type: 'CancelRun', runId: runOf('r') }, contextOf())
    const asked = { approvalId, target: { kind: 'run' as const, id: 'r' }, ...approvedCommand(requested) }
    const { requestedBy, required, expiresAt } = approval
    const open = { ...asked, requestedBy, required, requestedAt: atTime(0), expiresAt }
    await commands.handle(approvals, approvalId, { type: 'RequestApproval', approval: open }, contextOf())
    clock.second = 99
    await sweep(manager())
    expect([openApprovalsOf(views, tenant, 'alice'), log.lines]).toEqual([[], []])
    expect(await approvalTypes('r')).toEqual([...opened, 'ApprovalWithdrawn'])
  })
})

describe('what was approved', () => {
  test('does not run when its hash was tampered with: it is refused', async () => {
    const { commands, ledger, manager, say, seen, runTypes, approvalTypes } = await openApproving()
    const request = requestOf({ runId: runOf('r'), claim: null, approval: { ...needed, commandHash: 'ab'.repeat(32) } })
    await commands.handle(runs, 'r', { type: 'RequestRun', request }, contextOf())
    await seen(manager())
    await say('GrantApproval', 'r')
    await seen(manager())
    expect(await approvalTypes('r')).toEqual(wentOn.slice(0, 2))
    expect(runTypes('r')).toEqual(['RunRequested', 'RunRejected'])
    const rejected = ledger.stream(`run-${tenant}.r`).at(-1)?.event?.data
    expect(rejected).toMatchObject({ reason: 'what was approved is not what was asked for' })
  })

  test('does not run when the approval was opened for another command', async () => {
    const { commands, manager, ask, stateOf, say, seen, runTypes, approvalTypes } = await openApproving()
    await ask('r')
    const { requested } = await stateOf('r')
    if (!requested?.approval) throw new Error('it did not ask for approval')
    const other: RunRequested = { ...requested, parameters: { everything: true } }
    const { approvalId, requestedBy, required, expiresAt } = requested.approval
    const target = { kind: 'run' as const, id: 'r' }
    const approval = {
      approvalId,
      target,
      ...approvedCommand(other),
      requestedBy,
      required,
      requestedAt: '',
      expiresAt,
    }
    await commands.handle(approvals, approvalId, { type: 'RequestApproval', approval }, contextOf())
    await say('GrantApproval', 'r')
    await seen(manager())
    expect(await approvalTypes('r')).not.toContain('ApprovalConsumed')
    expect(runTypes('r')).toEqual(['RunRequested', 'RunRejected'])
  })

  test('does not run when who asked for it may not do it any more', async () => {
    const { ledger, manager, ask, say, seen, approvalTypes, runTypes } = await openApproving()
    const asked: unknown[] = []
    const mayStill = (...question: unknown[]) => asked.push(question) < 0
    await ask('r')
    await seen(manager({ mayStill }))
    expect(asked).toEqual([])
    await say('GrantApproval', 'r')
    await seen(manager({ mayStill }))
    expect(asked[0]).toEqual([tenant, expect.objectContaining({ pseudonym: 'alice' }), 'RequestRun', 'dev'])
    expect(await approvalTypes('r')).toEqual(wentOn.slice(0, 2))
    expect(runTypes('r')).toEqual(['RunRequested', 'RunRejected'])
    const rejected = ledger.stream(`run-${tenant}.r`).at(-1)?.event?.data
    expect(rejected).toMatchObject({ reason: 'who asked for it may not do it any more' })
  })
})
