import type { JsonValue } from '../../domain/json.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { areEqual, Refused } from './hash.ts'
import { type Line, linesOf } from './lines.ts'
import { parseNote } from './note.ts'
import type { Policy } from './policy.ts'
import { objectAt, sortedTextsAt, textAt } from './shape.ts'
import { type Report, verify } from './verify.ts'

/** `part N` is the bundle of a line; the others are about what parts have to do with each other. */
type ChainCheckName = `part ${number}` | 'line' | 'log' | 'types' | 'contiguity' | 'quorum'

interface ChainReport {
  verdict: Report['verdict']
  checks: { name: ChainCheckName; ok: boolean; detail: string }[]
}

/** What a part has to do with its neighbours. */
interface Edges {
  types: string[] | null
  /** Null is the beginning of the log. */
  since: Checkpoint | null
  end: Checkpoint
}

/** A file that has no newline is one bundle; any other is a chain of them, one on each line. */
export const verifyFile = (path: string, policy: Policy): Report | ChainReport => {
  const lines = linesOf(path)
  const first = lines.next()
  if (first.done) return verify(new Uint8Array(), policy)
  if (!first.value.isWhole) return verify(first.value.bytes, policy)
  return verifyChain(prepended(first.value, lines), policy)
}

function* prepended(first: Line, rest: Iterable<Line>): Generator<Line> {
  yield first
  yield* rest
}

/** Checks that every part holds, and that each begins at the very tree where the one before ends. Never throws. */
const verifyChain = (lines: Iterable<Line>, policy: Policy): ChainReport => {
  const checks: ChainReport['checks'] = []
  let verdict: ChainReport['verdict'] = 'VERIFIED'
  let [first, last, parts, quorum]: [Edges | null, Edges | null, number, string] = [null, null, 0, '']
  let name: ChainCheckName = 'line'
  try {
    for (const { bytes, isWhole, isLast } of lines) {
      parts += 1
      name = 'line'
      if (!isWhole) throw new Refused(`line ${parts} is cut off: it does not end in a newline`)
      const edges = edgesOf(bytes)
      for (const [next, check] of linkChecks(last, edges, parts)) {
        name = next
        check()
      }
      name = `part ${parts}`
      const report = verify(bytes, isLast ? policy : withoutQuorum(policy))
      const failed = report.checks.find(({ ok }) => !ok)
      if (report.verdict === 'FAILED') throw new Refused(`${failed?.name}: ${failed?.detail}`)
      if (!edges) throw new Refused('a part of a chain is the bundle of a period, and this is none')
      const { verdict: found, checks: made } = report
      if (found === 'UNVERIFIED') verdict = found
      checks.push({ name, ok: found === 'VERIFIED', detail: failed?.detail ?? detailOf(made, 'completeness') })
      ;[first, last, quorum] = [first ?? edges, edges, detailOf(made, 'quorum')]
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { verdict: 'FAILED', checks: [...checks, { name, ok: false, detail }] }
  }
  return { verdict, checks: [...checks, ...(first && last ? whole(first, last, parts) : []), ...ofQuorum(quorum)] }
}

/** What holds of a chain that came to its end. */
const whole = (first: Edges, last: Edges, parts: number): ChainReport['checks'] => {
  const { since, types } = first
  const from = since === null ? 'the beginning of the log' : `the checkpoint of ${since.size} leaves`
  const detail = `${parts} parts without a gap: every leaf from ${from} to the checkpoint of ${last.end.size}`
  return [
    { name: 'log', ok: true, detail: `one log, ${JSON.stringify(first.end.origin)}` },
    { name: 'types', ok: true, detail: `of every part ${typesText(types)}` },
    { name: 'contiguity', ok: true, detail },
  ]
}

const ofQuorum = (detail: string): ChainReport['checks'] =>
  detail === '' ? [] : [{ name: 'quorum', ok: true, detail }]

/** Each part proves that its tree extends the one before, so what is cosigned of the last one covers all. */
const withoutQuorum = (policy: Policy): Policy => ({ ...policy, quorum: 'none', isMet: () => true })

const linkChecks = (
  last: Edges | null,
  edges: Edges | null,
  part: number,
): (readonly [ChainCheckName, () => void])[] => {
  // What is no bundle of a period is refused as such.
  if (!last || !edges) return []
  return [
    ['log', () => sameLog(last, edges, part)],
    ['types', () => sameTypes(last, edges, part)],
    ['contiguity', () => contiguous(last, edges, part)],
  ]
}

const sameLog = (last: Edges, { end }: Edges, part: number): void => {
  if (end.origin === last.end.origin) return
  throw new Refused(`part ${part} is of the log ${JSON.stringify(end.origin)}, the ones before it are not`)
}

const sameTypes = (last: Edges, { types }: Edges, part: number): void => {
  if (typesText(types) === typesText(last.types)) return
  throw new Refused(`part ${part} has ${typesText(types)}, the ones before it ${typesText(last.types)}`)
}

const contiguous = ({ end }: Edges, { since }: Edges, part: number): void => {
  const begin = since?.size ?? 0
  if (begin > end.size) {
    throw new Refused(
      `leaves ${end.size} to ${begin - 1} are missing: part ${part} does not begin where part ${part - 1} ends`,
    )
  }
  if (begin < end.size) {
    throw new Refused(`part ${part} begins again at leaf ${begin}, and part ${part - 1} ends at ${end.size}`)
  }
  if (since && !areEqual(since.root, end.root)) {
    throw new Refused(`part ${part} begins at another tree of ${begin} leaves than that where part ${part - 1} ends`)
  }
}

const typesText = (types: readonly string[] | null): string =>
  types ? `the types ${types.map((type) => JSON.stringify(type)).join(', ')}` : 'all types'

const detailOf = (checks: Report['checks'], name: string): string =>
  checks.find((check) => check.name === name)?.detail ?? ''

/**
 * Read off both ends of a line, without the leaves between them: in canonical JSON `leaves` and `since` stand between
 * the same neighbours always, and within a text no quotation mark stands alone. Null where it is no bundle of a period;
 * that it holds, `verify` says.
 */
const edgesOf = (bytes: Uint8Array): Edges | null => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const [leaves, since] = [text.indexOf(',"leaves":['), text.lastIndexOf(',"since":')]
  if (leaves < 0 || since < leaves) return null
  try {
    const head = objectAt(parsed(`${text.toString('utf8', 0, leaves)}}`), 'the part', ['checkpoint', 'claim', 'format'])
    const tail = objectAt(parsed(`{${text.toString('utf8', since + 1)}`), 'the part', ['since', 'version'])
    const { types } = objectAt(head.claim, 'claim', ['form', 'types'])
    return {
      types: types === null ? null : sortedTextsAt(types, 'claim.types'),
      since:
        tail.since === null ? null : treeOf(objectAt(tail.since, 'since', ['checkpoint', 'consistency']).checkpoint),
      end: treeOf(head.checkpoint),
    }
  } catch {
    return null
  }
}

const parsed = (json: string): JsonValue => JSON.parse(json)

const treeOf = (note: JsonValue | undefined): Checkpoint => parseCheckpoint(parseNote(textAt(note, 'checkpoint')).text)
