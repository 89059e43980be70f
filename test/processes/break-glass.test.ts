import { expect, test } from 'vitest'
import { listAlerts } from '../../projections/alert-queries.ts'
import { breakGlassWork } from '../../projections/alert-work.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { breakGlassWatch } from '../../src/processes/break-glass.ts'
import { speaker } from '../support/approvals.ts'
import { openApproving } from '../support/approving.ts'
import { tenant } from '../support/ids.ts'
import { atTime } from '../support/run-events.ts'

const ada = speaker('ada', ['tenant-admin'])

const openWatching = async () => {
  const approving = await openApproving()
  const { ledger, views, pump, ask, say, sweep, manager } = approving
  const watch = () =>
    breakGlassWatch({
      work: breakGlassWork(views),
      commands: new CommandHandler(ledger),
      nowMs: () => Date.parse(atTime(20)),
      head: () => ledger.head(),
      viewsReach: async () => {
        await pump.settled()
        return true
      },
    })
  const asked = async (run: string) => {
    await ask(run)
    await sweep(manager())
  }
  return {
    ...approving,
    watch,
    asked,
    broken: async (run: string) => {
      await asked(run)
      await say('OverrideApproval', run, ada)
    },
    raised: () => ledger.all.filter(({ type }) => type === 'BreakGlassAlertRaised'),
  }
}

test('an approval that one person gave alone raises an alert that says who, of what and why', async () => {
  const { broken, watch, ledger, raised, approvalIdOf, pump, views } = await openWatching()
  await broken('r1')
  await watch().handle(ledger.all, await ledger.head())
  const approvalId = await approvalIdOf('r1')
  const override = ledger.all.find(({ type }) => type === 'ApprovalOverridden')
  expect(raised()).toMatchObject([
    {
      stream: `alert-acme.break-glass-${approvalId}`,
      metadata: { reason: 'looked at it', causationId: override?.id, origin: 'break-glass' },
      event: {
        data: { approvalId, target: { kind: 'run', id: 'r1' }, pipeline: 'flights', command: 'RequestRun', by: 'ada' },
      },
    },
  ])
  await pump.settled()
  expect(listAlerts(views, tenant, { kind: 'break-glass' }, { below: null, limit: 9 })).toMatchObject([
    { state: 'firing', pipeline: 'flights', reason: 'looked at it' },
  ])
})

test('it is raised once, by however many replicas, and by one that starts later', async () => {
  const { broken, watch, ledger, raised, pump } = await openWatching()
  await broken('r1')
  const all = [...ledger.all]
  await Promise.all([watch(), watch()].map(async (replica) => replica.handle(all, await ledger.head())))
  await pump.settled()
  await watch().start()
  await watch().handle(all, await ledger.head())
  expect(raised()).toHaveLength(1)
})

test('one that nobody saw is raised when a process starts', async () => {
  const { broken, watch, raised, pump } = await openWatching()
  await broken('r1')
  await broken('r2')
  await pump.settled()
  await watch().start()
  expect(raised()).toHaveLength(2)
})

test('an approval that others gave raises none', async () => {
  const { asked, say, watch, ledger, raised } = await openWatching()
  await asked('r1')
  await say('GrantApproval', 'r1')
  await watch().handle(ledger.all, await ledger.head())
  await watch().start()
  expect(raised()).toEqual([])
})
