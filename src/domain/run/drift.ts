/** A column of an output: its name, and its type as the engine calls it. An alias, for it goes into messages as JSON. */
export type Column = { name: string; type: string }

/** What a run has written to a sink, in column order. */
export interface SinkSchema {
  sink: string
  columns: Column[]
}

/** How the columns of an output differ from those before; each list in the order of the columns it names. */
export interface Drift {
  added: Column[]
  removed: Column[]
  retyped: { name: string; from: string; to: string }[]
}

/** Columns are told by their names, to the letter; their order makes no difference. */
export const driftBetween = (before: readonly Column[], after: readonly Column[]): Drift => {
  const old = new Map(before.map(({ name, type }) => [name, type]))
  const kept = new Set(after.map(({ name }) => name))
  return {
    added: after.filter(({ name }) => !old.has(name)),
    removed: before.filter(({ name }) => !kept.has(name)),
    retyped: after.flatMap(({ name, type: to }) => {
      const from = old.get(name)
      return from === undefined || from === to ? [] : [{ name, from, to }]
    }),
  }
}

export const hasDrifted = ({ added, removed, retyped }: Drift): boolean =>
  added.length + removed.length + retyped.length > 0
