import type { Decider } from '../decider.ts'
import type { RunId } from '../ids.ts'
import type { LogLine, RunLogEvent } from './events.ts'
import { lineOf } from './line.ts'

/** That a run keeps; each attempt may add a last one that says how many were dropped. */
export const logLinesMax = 10_000

export interface RunLog {
  lines: number
}

export interface LogLines {
  type: 'LogLines'
  runId: RunId
  attempt: number
  lines: readonly LogLine[]
  /** With the last lines of an attempt: when that was, and how many had been turned away before. */
  end: { at: string; dropped: number } | null
}

/** What does not fit any more is left out: how many lines were taken, the event tells. */
export const runLogDecider: Decider<RunLog, LogLines, RunLogEvent> = {
  initial: { lines: 0 },
  decide: ({ runId, attempt, lines, end }, { lines: before }) => {
    const taken = lines.slice(0, Math.max(0, logLinesMax - before))
    const dropped = end === null ? 0 : end.dropped + lines.length - taken.length
    const said = end === null || dropped === 0 ? taken : [...taken, noticeOf(end.at, dropped)]
    if (said.length === 0 && end === null) return []
    return [{ type: 'RunLogged', data: { runId, attempt, before, lines: said, isEnd: end !== null } }]
  },
  evolve: (_, { data: { before, lines } }) => ({ lines: before + lines.length }),
}

const noticeOf = (at: string, dropped: number): LogLine =>
  lineOf({
    at,
    level: 'warn',
    stage: null,
    code: null,
    message: `${dropped} ${dropped === 1 ? 'line was' : 'lines were'} dropped here: a run keeps ${logLinesMax}`,
    fields: { dropped },
  })
