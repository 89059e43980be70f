import { createHash } from 'node:crypto'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { type IndexedEvent, PeriodBundle, type PeriodSeal, subjectBundle } from '../../src/evidence/bundle.ts'
import { checkpointText } from '../../src/evidence/checkpoint.ts'
import { envelopeOf, leafBytes, type StoredEvent } from '../../src/evidence/leaf.ts'
import { consistencyProof, frontierAt, inclusionProof, rootOf } from '../../src/evidence/merkle.ts'
import { type NoteSigner, noteSigner, parseVerifierKey, signNote } from '../../src/evidence/note.ts'
import { manifestText } from '../../src/evidence/verifier/bundle.ts'
import { type Policy, policyOf } from '../../src/evidence/verifier/policy.ts'
import { verify } from '../../src/evidence/verifier/verify.ts'
import { MemoryTree } from './trees.ts'

export const origin = 'ledger.example/acme'
export const signer = noteSigner(origin, Buffer.alloc(32, 7))
export const trusted: Policy = policyOf([parseVerifierKey(signer.vkey)])

const saltOf = (n: number) => createHash('sha256').update(`salt ${n}`).digest('base64')

/** The n-th event of a log in which two runs take turns; every fifth is of a type of its own. */
export const eventOf = (n: number): StoredEvent => ({
  id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  stream: `run-acme.r${n % 2}`,
  revision: BigInt(Math.floor(n / 2)),
  type: n % 5 === 0 ? 'RunRequested' : 'StageCompleted',
  recordedAt: new Date(1_700_000_000_000 + n).toISOString(),
  data: { runId: `r${n % 2}`, rows: n, note: 'grüße', cost: 0.1 * n, outputs: [null, true, { path: 'a/b' }] },
  metadata: {
    tenant: 'acme',
    actor: { pseudonym: `p-${n % 3}`, kind: 'person', roles: ['operator'], authMethod: 'jwt' },
    command: 'CompleteStage',
    bodyHash: 'ab'.repeat(32),
    schema: 1,
    salt: saltOf(n),
  },
})

export const periodBundle = (types: string[] | null, events: readonly IndexedEvent[], seal: PeriodSeal): Uint8Array => {
  const bundle = new PeriodBundle(types)
  for (const event of events) bundle.add(event)
  return bundle.seal(seal)
}

/** A log of so many events, its tree and its bundles. */
export const logOf = (size: number, event = eventOf) => {
  const events: IndexedEvent[] = Array.from({ length: size }, (_, index) => ({ index, event: event(index) }))
  const tree = new MemoryTree()
  for (const { index, event } of events) tree.append(leafBytes(envelopeOf(event, index)))
  const checkpoint = (at = size, by: NoteSigner = signer) =>
    signNote(checkpointText({ origin: by.name, size: at, root: rootOf(frontierAt(at, tree.read)) }), by)
  const sinceOf = (from: number, to: number) => ({
    checkpoint: checkpoint(from),
    consistency: from === 0 ? [] : consistencyProof(from, to, tree.read),
  })
  return {
    events,
    tree,
    checkpoint,
    sinceOf,
    run: (id: string, by = signer) =>
      subjectBundle({
        subject: { kind: 'run', id },
        events: events.filter(({ event }) => event.stream === `run-acme.${id}`),
        checkpoint: checkpoint(size, by),
        signer: by,
        proofOf: (index) => inclusionProof(index, size, tree.read),
      }),
    period: (from: number | null, to: number, types: string[] | null = null) =>
      periodBundle(types, events.slice(from ?? 0, to), {
        since: from === null ? null : sinceOf(from, to),
        checkpoint: checkpoint(to),
        signer,
      }),
  }
}

/** A bundle's JSON, to tamper with. */
export interface Json {
  claim: JsonObject
  checkpoint: string
  leaves: { envelope: JsonObject; event?: JsonObject & { metadata: JsonObject }; proof?: string[] }[]
  since: { checkpoint: string; consistency: string[] } | null
  manifest: { count: number; digest: string; indexes: number[] }
  signature: string
  [field: string]: unknown
}

export const jsonOf = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString())
export const bytesOf = (json: unknown): Uint8Array => Buffer.from(canonicalJson(JSON.parse(JSON.stringify(json))))

/** The bundle after a change that leaves the manifest as it was. */
export const changed = (bytes: Uint8Array, change: (json: Json) => void): Uint8Array => {
  const json = jsonOf(bytes)
  change(json)
  return bytesOf(json)
}

/** The bundle after a change, with a manifest that fits: signed by its own log (a dishonest one), or as it was. */
export const forged = (bytes: Uint8Array, change: (json: Json) => void, by: NoteSigner | null = signer): Uint8Array =>
  changed(bytes, (json) => {
    change(json)
    const { manifest: _, signature, ...content } = json
    json.manifest = {
      count: json.leaves.length,
      digest: createHash('sha256').update(bytesOf(content)).digest('hex'),
      indexes: json.leaves.map(({ envelope }) => Number(envelope.index)),
    }
    json.signature = by ? signNote(manifestText(by.name, json.manifest), by) : signature
  })

/** `VERIFIED`, `UNVERIFIED`, or the check that failed and why. */
export const outcome = (bytes: Uint8Array, policy: Policy | null = trusted): string => {
  const { verdict, checks } = verify(bytes, policy)
  const last = checks.at(-1)
  return verdict === 'FAILED' ? `${last?.name}: ${last?.detail}` : verdict
}
