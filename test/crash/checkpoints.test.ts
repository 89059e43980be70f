import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import { envelopeOf, isLeaf, leafBytes, logOfStream } from '../../src/evidence/leaf.ts'
import { noteSigner, openNote, parseNote, parseVerifierKey } from '../../src/evidence/note.ts'
import { parseCheckpoint } from '../../src/evidence/verifier/checkpoint.ts'
import { hexOf, leafHash } from '../../src/evidence/verifier/hash.ts'
import { append, emptyFrontier, rootOf } from '../../src/evidence/verifier/proof.ts'
import type { Stored } from '../../src/ledger/stored.ts'
import { BatchClient } from '../e2e/batch-client.ts'
import { storedEvents } from '../e2e/edited-ledger.ts'
import { pause } from '../e2e/service.ts'
import { openStack } from './stack.ts'

const rounds = Number(process.env.KILL_ROUNDS ?? 6)

/** Asks both replicas for runs until it is told to end; whoever is gone is passed over. */
const load = (apis: readonly { url: string }[]) => {
  let ended = false
  let taken = 0
  const user = async (n: number) => {
    for (let turn = 0; !ended; turn += 1) {
      const client = new BatchClient(apis[(n + turn) % apis.length]?.url ?? '')
      await client.trigger('drill-days', { batch_id: `day-${n}-${turn}` }).then(
        async (response) => {
          await response.text()
          if (response.ok) taken += 1
        },
        () => undefined,
      )
      await pause(250)
    }
  }
  const users = Promise.all([0, 1, 2, 3].map(user))
  return async () => {
    ended = true
    await users
    return taken
  }
}

/** The roots of a log's trees, from the events as the ledger holds them. */
const rootsOf = (events: readonly Stored[]): Map<number, string> => {
  const roots = new Map<number, string>()
  let tree = emptyFrontier
  for (const event of events) {
    const place = logOfStream(event.stream)
    if (place?.tenant !== 'default' || place.log !== 'commands' || !isLeaf(event)) continue
    tree = append(tree, leafHash(leafBytes(envelopeOf(event, tree.size))))
    roots.set(tree.size, hexOf(rootOf(tree)))
  }
  return roots
}

test(`of two replicas, one or the other killed ${rounds} times: one chain of checkpoints, each extends the one before`, async () => {
  const stack = await openStack(2, 0, { ROLE_LEASE_MS: '1000', LOG_LEVEL: 'error' })
  const startedMs = performance.now()
  const end = load(stack.apis)
  const { url } = stack.node
  for (let round = 0; round < rounds; round += 1) {
    const victim = stack.apis[round % 2 === 0 ? 0 : Math.floor(Math.random() * 2)]
    await pause(100 + Math.random() * 500)
    await victim?.kill()
    await victim?.start()
  }
  const taken = await end()
  await pause(3_000)
  const events = await storedEvents(url)
  const signed = events.filter(({ stream }) => stream === 'checkpoint-default.commands')
  const tookS = Math.round((performance.now() - startedMs) / 1_000)
  console.log(`${rounds} kills in ${tookS} s, ${taken} runs taken, ${signed.length} checkpoints`)

  // Enough must have happened for the kills to prove anything.
  expect(taken).toBeGreaterThan(rounds)
  expect(signed.length).toBeGreaterThan(rounds)
  const roots = rootsOf(events)
  const seed = Buffer.from(await readFile(join(stack.dir, 'keys/log.key'), 'utf8'), 'base64')
  let last = 0
  for (const [at, { revision, data }] of signed.entries()) {
    const { size, root, note } = data as { size: number; root: string; note: string }
    const parsed = parseNote(note)
    const checkpoint = parseCheckpoint(parsed.text)
    expect(revision).toBe(BigInt(at))
    expect(size).toBeGreaterThan(last)
    // Both trees are made of the same leaves, so the second extends the first.
    expect([checkpoint.size, hexOf(checkpoint.root), root]).toEqual([size, roots.get(size), roots.get(size)])
    openNote(parsed, [parseVerifierKey(noteSigner(checkpoint.origin, seed).vkey)])
    last = size
  }
  expect(last).toBe(roots.size)
  expect(
    events.filter(({ type }) => type === 'IntegrityAlertRaised').map(({ data }) => canonicalJson(Object(data))),
  ).toEqual([])
}, 900_000)
