import { describe, expect, test } from 'vitest'
import { openApprovalsApi } from '../support/approvals-api.ts'

const two = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 2 }] }]
const shortOf = (body: Record<string, unknown>) =>
  (body.approvals as { approval_id: string }[]).map(({ approval_id }) => approval_id)

describe('the list of approvals', () => {
  test('has those of the tenant, of a status, of a run, and so many to a page', async () => {
    const { open, say, ask } = await openApprovalsApi()
    const all = [await open(), await open(), await open()]
    const [first, second] = all
    await say('greta', first?.approvalId ?? '', 'reject')
    const { body } = await ask('vera', '')
    expect(new Set(shortOf(body))).toEqual(new Set(all.map(({ approvalId }) => approvalId)))
    expect(shortOf((await ask('vera', '?status=rejected')).body)).toEqual([first?.approvalId])
    expect(shortOf((await ask('vera', `?target=${second?.runId}`)).body)).toEqual([second?.approvalId])
    const pages = [
      await ask('vera', '?limit=2'),
      await ask('vera', '?limit=2&page=2'),
      await ask('vera', '?limit=2&page=3'),
    ]
    expect(pages.map((page) => [shortOf(page.body).length, page.body.total, page.body.page])).toEqual([
      [2, 3, 1],
      [1, 3, 2],
      [0, 3, 3],
    ])
    expect(pages.flatMap((page) => shortOf(page.body))).toEqual(shortOf(body))
    expect((await ask('there', '')).body).toMatchObject({ approvals: [], total: 0 })
    for (const wrong of ['status=open', 'mine=yes', 'limit=0', 'page=x', 'of=me']) {
      const refused = await ask('vera', `?${wrong}`)
      expect([refused.status, refused.body.title]).toEqual([400, 'VALIDATION_FAILED'])
      expect(refused.body.detail).toContain(`${wrong.split('=')[0]}: `)
    }
  })

  test('with mine=true has what still waits for me', async () => {
    const { open, say, ask, cancel, carryOut } = await openApprovalsApi({ approvalRules: two })
    const { approvalId, runId } = await open()
    const mine = async (who: Parameters<typeof ask>[0]) => shortOf((await ask(who, '?mine=true')).body)
    expect(await mine('greta')).toEqual([approvalId])
    for (const who of ['olga', 'olgaToo', 'devi', 'vera', 'there'] as const)
      expect([who, await mine(who)]).toEqual([who, []])
    await say('greta', approvalId, 'approve')
    expect([await mine('greta'), await mine('gerd')]).toEqual([[], [approvalId]])
    await cancel(runId)
    expect(await mine('gerd')).toEqual([])
    await carryOut()
    expect(shortOf((await ask('gerd', '?status=withdrawn')).body)).toEqual([approvalId])
    expect(await say('gerd', approvalId, 'approve')).toMatchObject({ status: 409, body: { title: 'APPROVAL_CLOSED' } })
  })
})
