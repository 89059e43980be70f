import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CommandHandler } from '../../src/app/handle.ts'
import { startWitness } from '../../src/cli/witness.ts'
import { consistencyProof } from '../../src/evidence/merkle.ts'
import { noteSigner } from '../../src/evidence/note.ts'
import { openNote, parseNote, parseVerifierKey } from '../../src/evidence/verifier/note.ts'
import { LogWitnessing } from '../../src/processes/log-sealer-witnessing.ts'
import { WitnessClient } from '../../src/witness/client.ts'
import { type AddCheckpoint, addCheckpointBody, originHash } from '../../src/witness/protocol.ts'
import { eventOf, logOf, origin, signer } from '../evidence/world.ts'
import { tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { SilentLog } from '../support/log.ts'
import { until } from '../support/waiting.ts'

const log = logOf(40)
/** The same log with another event 5. */
const fork = logOf(40, (n) => (n === 5 ? { ...eventOf(n), type: 'RunFailed' } : eventOf(n)))
const proof = (from: number, to: number, of = log) => consistencyProof(from, to, of.tree.read)

const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-witness-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const started = async (dir = newDir(), ...more: string[]) => {
  const witness = await startWitness(['--log', signer.vkey, '--port', '0', '--dir', dir, ...more])
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= witness.stop())
  onTestFinished(stop)
  const post = async (body: string) => {
    const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
  }
  const add = (request: AddCheckpoint) => post(addCheckpointBody(request))
  return { ...witness, stop, post, add, key: parseVerifierKey(witness.vkey), dir }
}

test('a checkpoint that extends the last is cosigned, for anybody to verify, and kept', async () => {
  const { add, key, url } = await started()
  for (const [from, to] of [
    [0, 7],
    [7, 7],
    [7, 30],
  ] as const) {
    const { status, body } = await add({
      oldSize: from,
      proof: from % to ? proof(from, to) : [],
      checkpoint: log.checkpoint(to),
    })
    expect([status, body]).toEqual([200, expect.stringMatching(/^— \S+ \S+\n$/)])
    expect(openNote(parseNote(log.checkpoint(to) + body), [key])).toEqual([key])
  }
  const kept = await (await fetch(`${url}/${originHash(origin)}/checkpoint`)).text()
  expect(kept.startsWith(log.checkpoint(30))).toBe(true)
  expect((await fetch(`${url}/${originHash('other')}/checkpoint`)).status).toBe(404)
})

test('a log that it does not know, and one signed by another key, are refused', async () => {
  const { add } = await started()
  const foreign = log.checkpoint(7, noteSigner('elsewhere/acme', Buffer.alloc(32, 9)))
  expect((await add({ oldSize: 0, proof: [], checkpoint: foreign })).status).toBe(404)
  const forged = log.checkpoint(7, noteSigner(origin, Buffer.alloc(32, 9)))
  expect((await add({ oldSize: 0, proof: [], checkpoint: forged })).status).toBe(403)
  const wrong = log.checkpoint(7).replace('\n7\n', '\n8\n')
  expect((await add({ oldSize: 0, proof: [], checkpoint: wrong })).status).toBe(403)
})

test('what is not a request is refused', async () => {
  const { post, url } = await started()
  const checkpoint = log.checkpoint(7)
  const bodies = [
    ...[
      '',
      'old 0\n',
      `old x\n\n${checkpoint}`,
      `old -1\n\n${checkpoint}`,
      `old 00\n\n${checkpoint}`,
      `old 8\n\n${checkpoint}`,
    ],
    ...[
      `old 0\nAAAA\n\n${checkpoint}`,
      `old 0\n!\n\n${checkpoint}`,
      'old 0\n\nno note',
      `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}\n${checkpoint}`,
    ],
  ]
  for (const body of bodies) expect([body.slice(0, 12), (await post(body)).status]).toEqual([body.slice(0, 12), 400])
  expect((await post('x'.repeat(70_000))).status).toBe(413)
  expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405)
  expect((await fetch(`${url}/other`)).status).toBe(404)
})

test('who thinks of another size is told the right one', async () => {
  const { add } = await started()
  await add({ oldSize: 0, proof: [], checkpoint: log.checkpoint(7) })
  const conflict = { status: 409, type: 'text/x.tlog.size', body: '7\n' }
  expect(await add({ oldSize: 0, proof: [], checkpoint: log.checkpoint(30) })).toEqual(conflict)
  expect(await add({ oldSize: 8, proof: proof(8, 30), checkpoint: log.checkpoint(30) })).toEqual(conflict)
})

test('another history is never cosigned, at the same size or a later one, also after a restart', async () => {
  const dir = newDir()
  const first = await started(dir)
  await first.add({ oldSize: 0, proof: [], checkpoint: log.checkpoint(7) })
  await first.stop()
  const { add, vkey } = await started(dir)
  expect(vkey).toBe(first.vkey)
  expect((await add({ oldSize: 7, proof: [], checkpoint: fork.checkpoint(7) })).status).toBe(409)
  for (const wrong of [proof(7, 30, fork), [], proof(8, 30), proof(7, 30)]) {
    expect((await add({ oldSize: 7, proof: wrong, checkpoint: fork.checkpoint(30) })).status).toBe(422)
  }
  expect((await add({ oldSize: 7, proof: proof(7, 30), checkpoint: log.checkpoint(30) })).status).toBe(200)
})

test('of two histories that come at the same moment, one is cosigned', async () => {
  const { add } = await started()
  const both = [log, fork, log, fork, fork, log].map((of) =>
    add({ oldSize: 0, proof: [], checkpoint: of.checkpoint(9) }),
  )
  expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409])
})

test('a proof of the empty tree, and a directory that is in use, are refused', async () => {
  const { add, dir } = await started()
  expect((await add({ oldSize: 0, proof: proof(3, 7), checkpoint: log.checkpoint(7) })).status).toBe(422)
  await expect(started(dir)).rejects.toThrow('in use by another witness')
}, 20_000)

const treeAt = (size: number, of = log) => ({
  ...{ id: 1, tenant, log: 'commands' as const, size, root: 'ab'.repeat(32), note: of.checkpoint(size) },
})

const witnessed = (addresses: { key: ReturnType<typeof parseVerifierKey>; url: string }[], quorum: number) => {
  const ledger = new InMemoryLedger()
  const said = new SilentLog()
  const witnessing = new LogWitnessing({
    witnesses: addresses.map((address) => new WitnessClient(address, (_, from, to) => proof(from, to))),
    ...{ quorum, commands: new CommandHandler(ledger), log: said, nowMs: Date.now },
  })
  onTestFinished(() => witnessing.stop())
  const recorded = () => ledger.all.flatMap(({ event }) => (event?.type === 'CheckpointCosigned' ? [event.data] : []))
  return { witnessing, recorded, said, ledger }
}

test('with two witnesses a checkpoint is marked witnessed, and its note verifies with their keys', async () => {
  const two = await Promise.all([started(), started()])
  const { witnessing, recorded, ledger } = witnessed(two, 2)
  for (const size of [7, 30]) {
    witnessing.ask(treeAt(size))
    await until(() => recorded().at(-1)?.size === size)
  }
  expect(recorded().map(({ size, witnessed: is }) => [size, is])).toEqual([
    [7, true],
    [30, true],
  ])
  const note = `${log.checkpoint(30)}${recorded()[1]?.cosignatures.join('\n')}\n`
  const keys = [parseVerifierKey(signer.vkey), ...two.map(({ key }) => key)]
  expect(openNote(parseNote(note), keys)).toEqual(keys)
  expect(ledger.all[0]?.stream).toBe(`checkpoint-${tenant}.commands.cosigned`)

  // Another replica, which does not know what they have seen.
  const other = witnessed(two, 2)
  other.witnessing.ask(treeAt(40))
  await until(() => other.recorded().length === 1)
})

test('a witness that fails holds nothing up, and alone makes nothing witnessed', async () => {
  const [up, down] = [await started(), await started()]
  await down.stop()
  const { witnessing, recorded, said } = witnessed([up, down], 2)
  witnessing.ask(treeAt(7))
  await until(() => recorded().length === 1)
  witnessing.ask(treeAt(30))
  await until(() => recorded().length === 2)
  expect(recorded().map(({ size, witnessed: is }) => [size, is])).toEqual([
    [7, false],
    [30, false],
  ])
  expect(said.lines).toEqual(['warn: a witness did not cosign'])
})

test('a witness that has seen another history is not believed to have cosigned this one', async () => {
  const witness = await started()
  await witness.add({ oldSize: 0, proof: [], checkpoint: fork.checkpoint(9) })
  const { witnessing, recorded, said } = witnessed([witness], 1)
  for (const size of [9, 30]) witnessing.ask(treeAt(size))
  await until(() => said.lines.length > 0)
  expect(recorded()).toEqual([])
})
