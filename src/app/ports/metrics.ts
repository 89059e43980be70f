/** Of a label's values each; or one number. */
type Reading = number | Readonly<Record<string, number>>

/** A figure of a process, read when it is asked for. Names and units are as Prometheus has them, without the prefix. */
export interface Figure {
  name: string
  /** One line. */
  help: string
  /** A counter only grows while the process lives, and ends in `_total`. */
  kind: 'gauge' | 'counter'
  /** Whose values the reading has; it names no tenant and no person. */
  label?: string
  read(): Reading | Promise<Reading>
}

/** A call that was answered. `route` is as the document has it, so that there are few. */
export interface AnsweredCall {
  method: string
  route: string
  status: number
  seconds: number
}

/** The media type of Prometheus' text format. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** What a process tells of itself to whoever watches it. */
export interface Metrics {
  answered(call: AnsweredCall): void
  /** In the text format. */
  text(): Promise<string>
}
